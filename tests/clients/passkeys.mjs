// Passkeys in Chromium, with an authenticator of its DevTools: added, renamed, used alone by the button and by autofill, used as
// a second factor, removed. Standard input: { issuer, login, password, directory }
import { mkdir } from 'node:fs/promises'
import { check, input, launch, signIn } from './browser.mjs'

const given = await input()
await mkdir(given.directory, { recursive: true })
const browser = await launch()
const context = await browser.newContext({ locale: 'en-US' })
const page = await context.newPage()
page.setDefaultTimeout(20_000)
const refusals = []
page.on('console', (message) => { if (message.type() === 'error') refusals.push(message.text()) })

/** An authenticator that has its holder's consent beforehand, as a phone that is unlocked. */
async function authenticator(automatic = true) {
  const session = await context.newCDPSession(page)
  await session.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      automaticPresenceSimulation: automatic,
    },
  })
  const of = (command, more = {}) => session.send(`WebAuthn.${command}`, { authenticatorId, ...more })
  return { credentials: async () => (await of('getCredentials')).credentials, of }
}

const at = (path) => page.waitForURL(`${given.issuer}${path}`)
const shot = (name) => page.screenshot({ path: `${given.directory}/${name}.png`, fullPage: true })
const account = () => at('/account')
async function signOut() {
  await context.clearCookies()
}

try {
  const device = await authenticator()
  await page.goto(`${given.issuer}/signin`)
  await signIn(page, given)
  await account()

  // Added: the form is there because the browser has passkeys, and the recovery codes come with the first one.
  await page.goto(`${given.issuer}/account/security`)
  await page.getByLabel('Name').fill('My phone')
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
  const codes = await page.locator('main li code').allInnerTexts()
  check(codes.length === 10, `there are ${codes.length} recovery codes`)
  await page.getByRole('link', { name: 'I have kept them safe' }).click()
  await page.getByRole('heading', { name: 'My phone' }).waitFor()
  await shot('security-passkey')
  const [made] = await device.credentials()
  check(made.isResidentCredential && made.rpId === 'localhost', `the passkey is ${JSON.stringify(made)}`)

  // Alone, by the button: no name, no password.
  await signOut()
  await device.of('setAutomaticPresenceSimulation', { enabled: false })
  await page.goto(`${given.issuer}/signin`)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
  check((await page.locator('#login').getAttribute('autocomplete')).split(' ').includes('webauthn'), 'the field does not offer passkeys')
  await shot('sign-in-passkey')
  await device.of('setAutomaticPresenceSimulation', { enabled: true })
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await account()

  // By autofill: the browser offers it where the login name is typed; with consent beforehand nothing else is to be done.
  await signOut()
  await page.goto(`${given.issuer}/signin`, { waitUntil: 'commit' })
  await account()

  // As the second factor after the password.
  await signOut()
  await device.of('setAutomaticPresenceSimulation', { enabled: false })
  await page.goto(`${given.issuer}/signin`)
  await signIn(page, given)
  await page.getByRole('heading', { name: 'One more step' }).waitFor()
  check(!(await context.cookies()).some((cookie) => cookie.name === 'musubi_session'), 'a password alone began a session')
  await shot('second-factor-passkey')
  await device.of('setAutomaticPresenceSimulation', { enabled: true })
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await account()

  // Renamed and removed.
  await page.goto(`${given.issuer}/account/security`)
  await page.locator('summary', { hasText: 'Change the name' }).click()
  await page.locator('#name-1').fill('Kitchen <b>tablet</b>')
  await page.getByRole('button', { name: 'Change the name' }).click()
  await page.getByRole('heading', { name: 'Kitchen <b>tablet</b>' }).waitFor()
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.getByText('You sign in with your password only.').waitFor()

  // What was removed signs nobody in, and the page says so.
  await signOut()
  await device.of('setAutomaticPresenceSimulation', { enabled: false })
  await page.goto(`${given.issuer}/signin`)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
  await device.of('setAutomaticPresenceSimulation', { enabled: true })
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByRole('alert').waitFor()
  check(!(await context.cookies()).some((cookie) => cookie.name === 'musubi_session'), 'a removed passkey signed somebody in')

  const blocked = refusals.filter((text) => text.includes('Content Security Policy'))
  check(blocked.length === 0, `the policy of the page forbids what the page does: ${blocked}`)
  console.log('done')
} catch (error) {
  console.error(page.url(), await page.locator('body').innerText().catch(() => ''))
  throw error
} finally {
  await browser.close()
}
