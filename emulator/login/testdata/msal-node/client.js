// A program that uses MSAL Node. It reads one JSON object per line, first its
// configuration, then requests, and answers each request with an object on standard output.
"use strict";

const readline = require("node:readline");
const msal = require("@azure/msal-node");

let client, pkce, request, account;

const configure = ({ authority, client: clientId, secret, certificate }) => {
  const auth = { clientId, authority, knownAuthorities: [new URL(authority).host] };
  if (secret) auth.clientSecret = secret;
  if (certificate) auth.clientCertificate = { privateKey: certificate.key, thumbprintSha256: certificate.thumbprint };
  client = secret || certificate ? new msal.ConfidentialClientApplication({ auth }) : new msal.PublicClientApplication({ auth });
  return {};
};

const told = (result) => {
  account = result.account || account;
  return {
    accessToken: result.accessToken,
    idToken: result.idToken,
    scopes: result.scopes,
    account: account && account.homeAccountId,
    username: account && account.username,
    cached: result.fromCache,
  };
};

const actions = {
  signIn: async ({ scopes, redirect }) => {
    pkce = await new msal.CryptoProvider().generatePkceCodes();
    request = { scopes, redirectUri: redirect, state: "a state" };
    return { url: await client.getAuthCodeUrl({ ...request, codeChallenge: pkce.challenge, codeChallengeMethod: "S256" }) };
  },
  redeem: async ({ response }) => told(await client.acquireTokenByCode({ ...request, code: response.code, codeVerifier: pkce.verifier }, response)),
  silent: async ({ scopes, force }) => told(await client.acquireTokenSilent({ scopes, account, forceRefresh: force })),
  password: async (input) => told(await client.acquireTokenByUsernamePassword(input)),
  application: async ({ scopes }) => told(await client.acquireTokenByClientCredential({ scopes })),
  behalf: async ({ scopes, assertion }) => told(await client.acquireTokenOnBehalfOf({ scopes, oboAssertion: assertion })),
  device: async ({ scopes }) =>
    told(
      await client.acquireTokenByDeviceCode({
        scopes,
        deviceCodeCallback: (shown) => answer({ userCode: shown.userCode, url: shown.verificationUri, message: shown.message }),
      }),
    ),
};

const answer = (object) => process.stdout.write(JSON.stringify(object) + "\n");

const main = async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { do: action, ...input } = JSON.parse(line);
    try {
      answer(client ? await actions[action](input) : configure(input));
    } catch (e) {
      answer({ error: e.errorCode || e.name, message: e.errorMessage || e.message, suberror: e.subError });
    }
  }
};

main();
