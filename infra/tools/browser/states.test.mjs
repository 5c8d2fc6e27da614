// States of pages that no address leads to, checked with axe in each appearance: errors at their fields, findings, empty searches,
// open menus and dialogs, and results that were replaced.
import { api, fresh } from './browser.mjs'
import { state } from './axe.mjs'

state('errors at the fields of an agreement by numbers', async p => {
  await p.open('/console/agreements/add?how=numbers')
  for (let n = 0; n < 2; n++) await p.press(p.button('Add a row'))
  await p.fill(p.field('Agreement name'), 'wrong: <>')
  await p.fill(p.field('License, enrollment or customer number 2'), 'much/too/long/for/a/number')
  await p.press(p.button('Add agreement'))
  await p.sees(p.page.locator('#errors'))
})

state('errors at the fields of another agreement, and names while typing', async p => {
  await p.open('/console/agreements/add?how=other')
  await p.press(p.button('Add agreement'))
  await p.sees(p.page.locator('#errors'))
  await p.type(p.field('Publisher'), 'micro')
  await p.sees(p.page.getByRole('option').first())
})

state('errors at the fields of a user', async p => {
  await p.open('/console/users/new')
  await p.press(p.page.locator('main').getByRole('button').last())
  await p.sees(p.page.locator('#errors'))
})

state('findings of a file', async p => {
  await p.open('/console/agreements/add?how=file')
  await p.file(p.field(/^Choose a CSV file/), 'findings.csv', 'Authorization number,License number,Agreement name\n01/1,,One\n,2,"Two & a name that is long enough to need a second line on a phone"\n')
  await p.press(p.button('Check only'))
  await p.sees(p.page.locator('#import-h').getByText(/Only checked/))
})

state('a search without a match', async p => {
  await p.open('/console/agreements?q=nothing-has-this-name')
  await p.sees(p.page.getByRole('link', { name: 'Clear' }).first())
})

state('results that were replaced', async p => {
  await p.open('/console/users')
  await p.fill(p.field('Name or department', { within: p.page.getByRole('form', { name: 'Filters' }) }), 'ann')
  await p.at(/q=ann/)
})

state('the palette', async p => {
  await p.open('/console/overview')
  await p.page.keyboard.press('Control+k')
  await p.page.keyboard.type('e')
  await p.sees(p.page.getByRole('option').first())
})

state('the menu of language and theme', async p => {
  await p.open('/console/overview')
  await p.press(p.button(/Language and theme$/))
  await p.sees(p.button('Nederlands'))
})

state('the menu of the account', async p => {
  await p.open('/console/overview')
  await p.press(p.button(/^Account/))
  await p.sees(p.button('Sign out', { exact: true }))
})

state('the navigation of a phone', async p => {
  await p.open('/console/overview')
  await p.press(p.button('Menu'))
  await p.sees(p.link('Trend', { exact: true }))
})

state('formats of an export', async p => {
  await p.open('/console/reports/installations')
  await p.press(p.button('Export'))
  await p.sees(p.link(/CSV/))
})

state('columns to choose, and ticked rows', async p => {
  await p.open('/console/agreements')
  await p.press(p.page.locator('summary').filter({ hasText: 'Columns' }))
  await p.press(p.page.getByRole('row').getByRole('checkbox').first())
  await p.sees(p.button('Move'))
})

state('an agreement that another person changed meanwhile', async p => {
  const made = await api('POST', '/agreements', { name: fresh('Stale'), type: 'other', publisher: 'Autodesk', productTitle: 'AutoCAD LT 2024', licenses: 1 })
  await p.open(`/console/agreements/${made.id}/edit`)
  await p.fill(p.field('Licences'), '2')
  await api('PATCH', '/agreements/' + made.id, { licenses: 3 }, made.version)
  await p.press(p.button('Save'))
  await p.sees(p.heading('Another person has changed this meanwhile'))
}, { statuses: [412] })

state('a check of who gets a licence and who not', async p => {
  const subscription = await api('POST', '/subscriptions', { name: fresh('Checked'), quantity: 0 })
  await p.open('/console/users')
  await p.press(p.page.getByRole('row').getByRole('checkbox').first())
  await p.press(p.button('Assign licences'))
  await p.press(p.tick(new RegExp('^' + subscription.name)))
  await p.press(p.button('Check', { exact: true }))
  await p.sees(p.heading('Only checked, nothing was changed'))
})

state('a message of what happened', async p => {
  await p.open('/console/groups')
  const name = fresh('Said')
  await p.fill(p.field('Name of the license group'), name)
  await p.press(p.button('Add license group'))
  await p.sees(`The license group ${name} is added.`)
})

state('a page that does not exist', async p => { await p.open('/console/no-such-page') })
state('an agreement that does not exist', async p => { await p.open('/console/agreements/zzzzzzzzzzzzzzzz') })
state('a page that the role does not allow', async p => { await p.open('/console/agreements/add') }, { role: 'password-admin', statuses: [403] })
