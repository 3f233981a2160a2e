// A person visits a page that Apache's mod_auth_openidc protects: signs in, consents, sees it, signs out.
// Standard input: { site, logout, login, password, name, email }
import { allow, check, input, launch, signIn } from './browser.mjs'

const { site, logout, login, password, name, email } = await input()
const browser = await launch()
const page = await (await browser.newContext({ locale: 'en-US' })).newPage()
page.setDefaultTimeout(20_000)
try {
  await page.goto(site)
  check(page.url().includes('/signin?'), `the hub did not ask for a sign-in: ${page.url()}`)
  await signIn(page, { login, password })
  await allow(page)
  await page.waitForURL(`${site}**`)
  const shown = await page.locator('body').innerText()
  for (const wanted of [name, email, login]) check(shown.includes(wanted), `${wanted} is not on the page: ${shown}`)

  await page.goto(site)
  check(page.url().startsWith(site), 'the second visit asks nothing')

  await page.goto(logout)
  const question = page.getByRole('button', { name: 'Sign out' })
  if (await question.count()) await question.click()
  await page.waitForURL('**/bye.html')
  await page.goto(site)
  check(page.url().includes('/signin?'), `still signed in after the logout: ${page.url()}`)
  console.log('done')
} catch (error) {
  console.error(page.url(), await page.locator('body').innerText())
  throw error
} finally {
  await browser.close()
}
