// npm openid-client as a relying party. One step a call; the person's browser is the test's.
// Standard input: { step, issuer, client, …what the step needs }. Standard output: JSON.
import * as oidc from 'openid-client'
import { check, input } from './browser.mjs'

const given = await input()
const { issuer, client } = given
const local = { execute: [oidc.allowInsecureRequests] }

async function authentication() {
  if (!given.privateKey) return oidc.ClientSecretBasic(client.client_secret)
  const key = await crypto.subtle.importKey('jwk', given.privateKey, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
  return oidc.PrivateKeyJwt({ key, kid: given.privateKey.kid })
}

async function configuration() {
  const metadata = { id_token_signed_response_alg: client.id_token_signed_response_alg ?? 'RS256' }
  return oidc.discovery(new URL(issuer), client.client_id, given.privateKey ? metadata : { ...metadata, client_secret: client.client_secret },
    await authentication(), local)
}

const steps = {
  async key() {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
    const jwk = async (key) => ({ ...(await crypto.subtle.exportKey('jwk', key)), kid: 'node', alg: 'ES256', use: 'sig', key_ops: undefined, ext: undefined })
    return { privateKey: await jwk(pair.privateKey), publicKey: await jwk(pair.publicKey) }
  },
  async register() {
    const config = await oidc.dynamicClientRegistration(new URL(issuer), given.metadata, undefined, { ...local, initialAccessToken: given.token })
    return config.clientMetadata()
  },
  async begin() {
    const verifier = oidc.randomPKCECodeVerifier()
    const state = oidc.randomState()
    const nonce = oidc.randomNonce()
    const url = oidc.buildAuthorizationUrl(await configuration(), {
      redirect_uri: given.redirect_uri, scope: 'openid profile email offline_access', state, nonce, max_age: '600',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    })
    return { url: url.href, verifier, state, nonce }
  },
  async finish() {
    const config = await configuration()
    const { verifier, state, nonce } = given.begun
    const first = await oidc.authorizationCodeGrant(config, new URL(given.callback), {
      pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, maxAge: 600, idTokenExpected: true,
    })
    const claims = first.claims()
    const who = await oidc.fetchUserInfo(config, first.access_token, claims.sub)
    const second = await oidc.refreshTokenGrant(config, first.refresh_token)
    check(second.refresh_token !== first.refresh_token, 'the refresh token was not rotated')
    check(second.claims().sub === claims.sub, 'the refreshed ID token is somebody else’s')
    const again = await oidc.fetchUserInfo(config, second.access_token, claims.sub)
    check(again.sub === who.sub, 'userinfo changed its mind')
    let refused
    await oidc.refreshTokenGrant(config, first.refresh_token).catch((error) => { refused = error.error })
    check(refused === 'invalid_grant', `the used refresh token was not refused: ${refused}`)
    return { claims, who }
  },
  async tampered() {
    const config = await configuration()
    const { verifier, state, nonce } = given.begun
    const callback = new URL(given.callback)
    callback.searchParams.set('iss', 'http://localhost:1')
    let refused
    await oidc.authorizationCodeGrant(config, callback, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce })
      .catch((error) => { refused = `${error.message} ${error.cause?.message}` })
    check(refused?.includes('iss'), `an answer from another issuer was taken: ${refused}`)
    return {}
  },
  async service() {
    const tokens = await oidc.clientCredentialsGrant(await configuration(), given.scope ? { scope: given.scope } : undefined)
    return { token_type: tokens.token_type, scope: tokens.scope, expires_in: tokens.expires_in }
  },
}

console.log(JSON.stringify(await steps[given.step]()))
