// npm jose as the hands of a relying party: makes keys, opens what the hub encrypted for them, and encrypts for the hub.
// Standard input: { step, …what the step needs }. Standard output: JSON.
import * as jose from 'jose'
import { check, input } from './browser.mjs'

const given = await input()

async function pair(alg, use, kid) {
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true, crv: 'P-256' })
  const described = async (key) => ({ ...(await jose.exportJWK(key)), kid, alg, use })
  return { public: await described(publicKey), private: await described(privateKey) }
}

const steps = {
  /** Keys for signing and for each algorithm of encryption. */
  async keys() {
    const pairs = [await pair('ES256', 'sig', 'sig')]
    for (const alg of given.algorithms) pairs.push(await pair(alg, 'enc', `enc-${alg}`))
    return { public: { keys: pairs.map((one) => one.public) }, private: { keys: pairs.map((one) => one.private) } }
  },
  /** Decrypts with our key, then verifies with the hub's. */
  async open() {
    const header = jose.decodeProtectedHeader(given.object)
    const own = given.private.keys.find((key) => key.use === 'enc' && key.alg === header.alg)
    const { plaintext, protectedHeader } = await jose.compactDecrypt(given.object, await jose.importJWK(own, header.alg))
    check(protectedHeader.cty === 'JWT', `cty is ${protectedHeader.cty}`)
    const signed = new TextDecoder().decode(plaintext)
    const { payload } = await jose.jwtVerify(signed, jose.createLocalJWKSet(given.jwks), { issuer: given.issuer, audience: given.audience })
    return { header: protectedHeader, claims: payload }
  },
  /** Signs claims as a request object and encrypts it for the hub. */
  async seal() {
    const key = given.private.keys.find((one) => one.use === 'sig')
    const signed = await new jose.SignJWT(given.claims).setProtectedHeader({ alg: 'ES256', kid: key.kid, typ: 'oauth-authz-req+jwt' })
      .sign(await jose.importJWK(key, 'ES256'))
    const theirs = given.jwks.keys.find((one) => one.use === 'enc')
    const object = await new jose.CompactEncrypt(new TextEncoder().encode(signed))
      .setProtectedHeader({ alg: given.alg, enc: given.enc, kid: theirs.kid, cty: 'JWT' })
      .encrypt(await jose.importJWK(theirs, given.alg))
    return { object, signed }
  },
}

console.log(JSON.stringify(await steps[given.step]()))
