// A person is signed in at Apache's mod_auth_openidc, and the hub's session ends: by another browser, of which Apache hears
// from the hub itself (back), or in the same browser, which loads Apache's place in a frame (front).
// Standard input: { site, issuer, login, password, channel }
import { allow, check, input, launch, signIn } from './browser.mjs'

const { site, issuer, login, password, channel } = await input()
const browser = await launch()
const open = async () => {
  const page = await (await browser.newContext({ locale: 'en-US' })).newPage()
  page.setDefaultTimeout(20_000)
  return page
}
const here = await open()
try {
  await here.goto(site)
  await signIn(here, { login, password })
  await allow(here)
  await here.waitForURL(`${site}**`)
  await here.goto(site)
  check(here.url().startsWith(site), 'the second visit asks nothing')

  if (channel === 'back') {
    const there = await open()
    await there.goto(`${issuer}/signin`)
    await signIn(there, { login, password })
    await there.waitForURL('**/account**')
    await there.goto(`${issuer}/account/devices`)
    await there.locator('form[action="/account/sessions/end"] button').first().click()
    await there.waitForURL('**/account/devices?done=session-ended')
  } else {
    await here.goto(`${issuer}/oauth/logout`)
    const told = here.waitForResponse((response) => response.url().startsWith(site) && response.frame() !== here.mainFrame())
    await here.getByRole('button', { name: 'Sign out' }).click()
    check((await told).ok(), 'Apache did not take the request of the frame')
    await here.waitForLoadState('load')
  }

  const started = Date.now()
  do {
    await here.goto(site)
    check(Date.now() - started < 60_000, 'Apache still shows its page')
  } while (!here.url().includes('/signin?'))
  console.log('done')
} catch (error) {
  console.error(here.url(), await here.locator('body').innerText())
  throw error
} finally {
  await browser.close()
}
