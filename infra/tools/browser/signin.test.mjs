import assert from 'node:assert/strict'
import { job, base } from './browser.mjs'

job('sign in and out', { role: null }, async p => {
  await p.open('/console/groups')
  await p.press(p.button('billing-admin'))
  await p.at(/^\/console\/groups$/)
  await p.press(p.button(/^Account/))
  await p.sees(p.page.getByText('Billing admin'))
  await p.press(p.button('Sign out', { exact: true }))
  await p.sees(p.heading('Sign in'))
  await p.open('/console/groups')
  assert.ok(!p.page.url().startsWith(base + '/console/'), 'the session goes on')
})

job('switch the language and the theme', {}, async p => {
  await p.open('/console/agreements?status=active')
  await p.press(p.button(/Language and theme$/))
  await p.press(p.button('Nederlands'))
  await p.sees(p.heading('Alle overeenkomsten', { level: 1 }))
  assert.equal(await p.page.locator('html').getAttribute('lang'), 'nl')
  await p.at(/\?status=active$/)
  await p.press(p.button(/Taal en thema$/))
  await p.press(p.button('Donker'))
  await p.sees(p.page.locator('html[data-theme=dark]'))
  assert.equal(await p.page.evaluate(() => getComputedStyle(document.body).colorScheme), 'dark')
})
