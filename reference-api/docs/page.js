'use strict';
// Signs in with the authorization code flow with PKCE (RFC 7636) and keeps the
// token only in this page.
const config = JSON.parse(document.getElementById('config').textContent);
const redirect = location.origin + '/oauth2-redirect';
const element = (id) => document.getElementById(id);
let token = null;

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

function problem(text) {
  element('problem').textContent = text;
  element('problem').hidden = false;
}

async function signIn() {
  const verifier = random(), state = random();
  sessionStorage.setItem('sign-in', JSON.stringify({ verifier, state }));
  const challenge = base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)));
  location.assign(config.authorizationUrl + '?' + new URLSearchParams({
    client_id: config.clientId, response_type: 'code', redirect_uri: redirect, scope: config.scopes.join(' '),
    state, code_challenge: challenge, code_challenge_method: 'S256',
  }));
}

async function returned() {
  const answer = new URLSearchParams(location.search);
  const kept = JSON.parse(sessionStorage.getItem('sign-in') || '{}');
  sessionStorage.removeItem('sign-in');
  history.replaceState(null, '', '/docs');
  if (answer.get('error')) return problem(answer.get('error_description') || answer.get('error'));
  if (!answer.get('code')) return;
  if (!kept.state || answer.get('state') !== kept.state) return problem('The answer belongs to another sign-in.');
  const response = await fetch(config.tokenUrl, { method: 'POST', body: new URLSearchParams({
    client_id: config.clientId, grant_type: 'authorization_code', code: answer.get('code'),
    redirect_uri: redirect, code_verifier: kept.verifier, scope: config.scopes.join(' '),
  }) });
  const granted = await response.json();
  if (!response.ok) return problem(granted.error_description || granted.error);
  token = granted.access_token;
  element('who').textContent = 'Signed in.';
  element('sign-in').textContent = 'Sign in again';
}

async function attempt(method, path, inputs, output) {
  for (const input of inputs) path = path.replace('{' + input.name + '}', encodeURIComponent(input.value));
  const response = await fetch(path, { method: method.toUpperCase(), headers: token ? { Authorization: 'Bearer ' + token } : {} });
  output.textContent = response.status + ' ' + response.statusText + '\n' + await response.text();
}

function show(path, method, operation) {
  const item = document.createElement('li'), title = document.createElement('strong'), output = document.createElement('pre');
  title.textContent = method.toUpperCase() + ' ' + path;
  const needs = document.createElement('p');
  const scopes = (operation.security || []).flatMap((scheme) => Object.values(scheme).flat());
  needs.textContent = (operation.security || []).length === 0 ? 'Open to everybody' : 'Needs ' + (scopes.join(' ') || 'a token') + '. ' + (operation.description || '');
  item.append(title, needs);
  const inputs = (operation.parameters || []).map((parameter) => {
    const input = document.createElement('input');
    input.name = input.placeholder = parameter.name;
    input.setAttribute('aria-label', parameter.name);
    item.append(input, ' ');
    return input;
  });
  if (method === 'get' || method === 'delete') {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Try';
    button.dataset.operation = method.toUpperCase() + ' ' + path;
    button.addEventListener('click', () => attempt(method, path, inputs, output).catch((error) => { output.textContent = error; }));
    item.append(button);
  }
  item.append(output);
  output.setAttribute('aria-live', 'polite');
  element('operations').append(item);
}

async function start() {
  element('sign-in').addEventListener('click', signIn);
  const description = await (await fetch('/openapi.json')).json();
  for (const [path, item] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(item)) show(path, method, operation);
  }
  if (location.pathname === '/oauth2-redirect') await returned();
}
start().catch((error) => problem(error));
