// Signs users in with MSAL Browser (authorization code flow with PKCE), and calls the
// API with the token. Tokens are stored for this tab only.
'use strict';

const element = (id) => document.getElementById(id);

async function start() {
  const { authority, clientId, scope, api } = await (await fetch('/config.json')).json();
  const client = new msal.PublicClientApplication({
    auth: { clientId, authority, knownAuthorities: [new URL(authority).host], redirectUri: location.origin + '/' },
    cache: { cacheLocation: 'sessionStorage' },
  });
  await client.initialize();
  const returned = await client.handleRedirectPromise();
  if (returned) client.setActiveAccount(returned.account);
  const account = client.getActiveAccount();
  if (account) element('who').textContent = `Signed in as ${account.name}.`;

  element('sign-in').addEventListener('click', () => client.loginRedirect({ scopes: [scope] }));
  element('call').addEventListener('click', async () => {
    const headers = {};
    if (client.getActiveAccount()) {
      const { accessToken } = await client.acquireTokenSilent({ scopes: [scope] });
      headers.Authorization = `Bearer ${accessToken}`;
    }
    const response = await fetch(api + '/api/me', { headers });
    element('answer').textContent = `${response.status} ${await response.text()}`;
  });
  element('sign-in').dataset.ready = 'yes';
}

start().catch((error) => { element('answer').textContent = error; });
