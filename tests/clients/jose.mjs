// npm jose as the hands of a relying party: makes keys, opens what the hub encrypted for them, and encrypts for the hub.
// Standard input: { step, …what the step needs }. Standard output: JSON.
import { createCipheriv, createECDH, createHash, randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
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
  /** Encrypts for the hub by hand (RFC 7518 section 4.6), under any header: what a library would refuse to make. */
  async byHand() {
    const theirs = given.jwks.keys.find((one) => one.use === 'enc')
    const own = createECDH('prime256v1')
    own.generateKeys()
    const z = own.computeSecret(Buffer.concat([Buffer.from([4]), Buffer.from(theirs.x, 'base64url'), Buffer.from(theirs.y, 'base64url')]))
    const [x, y] = [own.getPublicKey().subarray(1, 33), own.getPublicKey().subarray(33)].map((part) => part.toString('base64url'))
    const number = (value) => { const bytes = Buffer.alloc(4); bytes.writeUInt32BE(value); return bytes }
    const enc = Buffer.from('A128GCM')
    const info = Buffer.concat([number(1), z, number(enc.length), enc, number(0), number(0), number(128)])
    const key = createHash('sha256').update(info).digest().subarray(0, 16)
    const header = { alg: 'ECDH-ES', enc: 'A128GCM', kid: theirs.kid, epk: { kty: 'EC', crv: 'P-256', x, y }, ...given.header }
    const encoded = Buffer.from(JSON.stringify(header)).toString('base64url')
    const content = given.megabytes ? deflateRawSync(Buffer.alloc(given.megabytes * 1024 * 1024, 0x20)) : Buffer.from(given.content)
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-128-gcm', key, iv)
    cipher.setAAD(Buffer.from(encoded))
    const sealed = Buffer.concat([cipher.update(content), cipher.final()])
    const parts = [iv, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url'))
    return { object: `${encoded}..${parts.join('.')}` }
  },
}

console.log(JSON.stringify(await steps[given.step]()))
