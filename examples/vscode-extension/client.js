// The steps of the extension: sign in with the system's browser, keep the tokens in
// memory, call the API. `provision output --write` writes its settings to a file:
// node client.js out/vscode-fastapi/extension.json http://127.0.0.1:8000/secure
'use strict';
const { readFileSync } = require('node:fs');
const { InteractionRequiredAuthError, PublicClientApplication } = require('@azure/msal-node');

const [settingsFile, url] = process.argv.slice(2);
const { clientId, authority, scope } = JSON.parse(readFileSync(settingsFile, 'utf8'));
const scopes = [scope];

const client = new PublicClientApplication({
  auth: { clientId, authority, knownAuthorities: [new URL(authority).host] },
});

// An extension calls vscode.env.openExternal; this program prints the address for the user.
const openBrowser = async (address) => { console.log('open', address); };

async function token() {
  const [account] = await client.getTokenCache().getAllAccounts();
  try {
    if (account) return await client.acquireTokenSilent({ account, scopes });
  } catch (error) {
    if (!(error instanceof InteractionRequiredAuthError)) throw error;
  }
  return client.acquireTokenInteractive({ scopes, openBrowser, successTemplate: 'Signed in. Go back to the editor.' });
}

async function callApi() {
  const { accessToken, fromCache } = await token();
  const response = await fetch(url, { headers: { Authorization: `Bearer ${accessToken}` } });
  console.log(response.status, (await response.text()).trim(), fromCache ? 'with the token it had' : 'with a new token');
}

callApi().then(callApi).catch((error) => { console.error(error.message); process.exit(1); });
