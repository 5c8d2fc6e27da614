// Adding, changing and deleting agreements.
import assert from 'node:assert/strict'
import { api, fresh, job, until, withScript } from './browser.mjs'

// number returns a number that no agreement has yet: both of a pair have 16 characters at most.
let numbers = Math.floor(Date.now() / 1000) % 36 ** 4 * 36 ** 2
const number = () => 'N' + (numbers++).toString(36).toUpperCase()
const verdict = p => p.page.locator('#import-h')

job('import a file with mistakes', {}, async p => {
  const [good, other] = [number(), number()], name = fresh('Imported')
  const file = `Authorization number,License number,Agreement name\n${good},${good},${name}\n${other},,${name}\n`
  await p.open('/console/agreements/add?how=file')
  await p.file(p.field(/^Choose a CSV file/), 'mistakes.csv', file)
  await p.press(p.button('Check only'))
  await p.sees(verdict(p).getByText('Only checked, nothing was stored. Mistakes: 1'))
  await p.sees(p.row('This number is missing').getByText('3', { exact: true }))
  if (p.hasScript) assert.equal(await p.page.evaluate(() => document.activeElement.id), 'import-h')

  await p.open('/console/agreements/add?how=file')
  await p.file(p.field(/^Choose a CSV file/), 'corrected.csv', file.replace(',,', `,${other},`))
  await p.press(p.button('Upload and add'))
  await p.sees(verdict(p).getByText('Stored: 2 of 2 rows'))
  await p.open('/console/agreements?q=' + encodeURIComponent(name))
  await p.sees(p.row(name))
})

job('add an agreement by its numbers', { statuses: [422] }, async p => {
  const name = fresh('Numbers'), pair = [number(), number(), number(), number()]
  const authorization = n => p.field(`Authorization or agreement number ${n}`)
  const license = n => p.field(`License, enrollment or customer number ${n}`)
  await p.open('/console/agreements/add?how=numbers')
  await p.fill(p.field('Agreement name'), name)
  await p.fill(authorization(1), pair[0])
  await p.fill(license(1), pair[0])
  await p.press(p.button('Add a row'))
  await p.fill(authorization(2), pair[1])
  await p.fill(license(2), 'a/b')
  await p.press(p.button('Add a row'))
  await p.fill(authorization(3), pair[2])
  await p.press(p.button('Remove the pair 3'))
  await authorization(3).waitFor({ state: 'detached' })
  await p.press(p.button('Add agreement'))

  // The mistake is at its field, and the summary leads there.
  await p.sees(p.page.getByText('To correct: 1'))
  assert.equal(await license(2).getAttribute('aria-invalid'), 'true')
  if (p.hasScript) assert.equal(await p.page.evaluate(() => document.activeElement.id), 'errors')
  await p.press(p.page.locator('#errors').getByRole('link'))
  assert.equal(await p.page.evaluate(() => document.activeElement.id), await license(2).getAttribute('id'))
  await p.fill(license(2), pair[1])
  await p.press(p.button('Add agreement'))
  await p.sees(p.heading(name, { level: 1 }))
  for (const n of pair.slice(0, 2)) await p.sees(p.row(n))
})

job('paste two columns of numbers', { ways: withScript }, async p => {
  const rows = [1, 2, 3].map(() => [number(), number()])
  await p.open('/console/agreements/add?how=numbers')
  await p.fill(p.field('Agreement name'), fresh('Pasted'))
  await p.focus(p.field('Authorization or agreement number 1'))
  await p.page.evaluate(text => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text', text)
    document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }, rows.map(r => r.join('\t')).join('\r\n'))
  await p.press(p.button('Add agreement'))
  for (const [authorization, license] of rows) await p.sees(p.row(authorization).getByText(license, { exact: true }))
})

job('add an agreement of another publisher', { statuses: [422] }, async p => {
  const name = fresh('Other')
  await p.open('/console/agreements/add?how=other')
  await p.fill(p.field('Agreement name'), name)
  if (p.hasScript) {
    // Names are looked up while typing, and chosen with the arrow keys.
    await p.type(p.field('Publisher'), 'autode')
    await p.sees(p.page.getByRole('option', { name: 'Autodesk' }))
    await p.page.keyboard.press('ArrowDown')
    await p.page.keyboard.press('Enter')
    assert.equal(await p.field('Publisher').inputValue(), 'Autodesk')
    await p.type(p.field('Product'), 'autocad lt 2024')
    const found = p.page.getByRole('option', { name: 'AutoCAD LT 2024' }).first()
    if (p.keyboardOnly) {
      await found.waitFor()
      await p.page.keyboard.press('ArrowDown')
      await p.page.keyboard.press('Enter')
    } else {
      await p.press(found)
    }
  } else {
    await p.fill(p.field('Publisher'), 'Autodesk')
    await p.fill(p.field('Product'), 'AutoCAD LT 2024')
  }
  await p.fill(p.field('Licences'), 'ten')
  await p.fill(p.field(/^Start date/), '2026-01-31')
  await p.fill(p.field(/^End date/), '2025-01-31')
  await p.press(p.button('Add agreement'))
  await p.sees(p.page.getByText('To correct: 2'))
  await p.fill(p.field('Licences'), '10')
  await p.fill(p.field(/^End date/), '2027-01-31')
  await p.press(p.button('Add agreement'))
  await p.sees(p.heading(name, { level: 1 }))
  await p.sees(p.page.getByText(/31\sJan\s2027/))
})

job('go on after the session has ended in the middle of a form', { role: null, statuses: [401, 403] }, async p => {
  const name = fresh('Kept'), pair = number()
  await p.open('/console/agreements/add?how=numbers')
  await p.press(p.button('global-admin'))
  await p.fill(p.field('Agreement name'), name)
  await p.fill(p.field('Authorization or agreement number 1'), pair)
  await p.fill(p.field('License, enrollment or customer number 1'), pair)
  await p.page.context().clearCookies()
  await p.press(p.button('Add agreement'))
  await p.sees(p.heading('You are signed out'))
  const opened = p.page.context().waitForEvent('page')
  await p.press(p.link('Sign in in another tab'))
  const other = await opened
  await other.getByRole('button', { name: 'global-admin' }).click()
  await other.waitForURL('**/console/overview')
  await other.close()
  await p.press(p.button('Send again'))
  await p.sees(p.heading(name, { level: 1 }))
  await p.sees(p.row(pair))
})

job('go on after the connection was lost while a form was sent', { statuses: ['net::ERR_INTERNET_DISCONNECTED'] }, async p => {
  const name = fresh('Lost'), pairs = p.hasScript ? [number(), number()] : [number()]
  const authorization = n => p.field(`Authorization or agreement number ${n}`)
  const license = n => p.field(`License, enrollment or customer number ${n}`)
  await p.open('/console/agreements/add?how=numbers')
  await p.fill(p.field('Agreement name'), name)
  if (p.hasScript) await p.press(p.button('Add a row'))
  for (const [i, pair] of pairs.entries()) {
    await p.fill(authorization(i + 1), pair)
    await p.fill(license(i + 1), pair)
  }
  const key = p.page.locator('main [name=key]'), first = await key.inputValue()
  await p.page.context().setOffline(true)
  await p.press(p.button('Add agreement'))
  await until('the error of the browser', () => p.page.url().startsWith('chrome-error:'))
  await p.page.context().setOffline(false)
  await p.page.goBack()
  if (p.hasScript) {
    await p.sees(/Sending it again is safe/)
    assert.equal(await key.inputValue(), first)
  }
  assert.equal(await p.field('Agreement name').inputValue(), name)
  for (const [i, pair] of pairs.entries()) assert.equal(await license(i + 1).inputValue(), pair)
  await p.press(p.button('Add agreement'))
  await p.sees(p.heading(name, { level: 1 }))
  for (const pair of pairs) await p.sees(p.row(pair))
})

job('go on after the reply to a form was lost', { ways: withScript, statuses: ['net::ERR_CONNECTION_RESET'] }, async p => {
  const name = fresh('Unanswered'), pair = number()
  await p.open('/console/agreements/add?how=numbers')
  await p.fill(p.field('Agreement name'), name)
  await p.fill(p.field('Authorization or agreement number 1'), pair)
  await p.fill(p.field('License, enrollment or customer number 1'), pair)
  let cut = false
  await p.page.route('**/*', async route => {
    if (cut || route.request().method() !== 'POST') return route.continue()
    cut = true
    await route.fetch({ maxRedirects: 0 })
    await route.abort('connectionreset')
  })
  await p.press(p.button('Add agreement'))
  await until('the error of the browser', () => p.page.url().startsWith('chrome-error:'))
  await p.page.goBack()
  await p.sees(/Sending it again is safe/)
  await p.press(p.button('Add agreement'))
  await p.sees(p.heading(name, { level: 1 }))
  assert.equal((await api('GET', '/agreements?q=' + encodeURIComponent(name))).items.length, 1)
})

job('filter and sort agreements, and go back', {}, async p => {
  await p.open('/console/agreements')
  const filters = p.page.getByRole('form', { name: 'Filters' })
  const listed = name => p.page.getByRole('row').filter({ hasText: name })
  await p.fill(p.field('Name, publisher, product or number', { within: filters }), 'simulation')
  if (!p.hasScript) await p.press(p.button('Apply'))
  await p.at(/[?&]q=simulation/)
  await p.sees(listed('Hull simulation'))
  await listed('Document licences').waitFor({ state: 'detached' })
  if (p.keyboardOnly) assert.equal(await p.page.evaluate(() => document.activeElement.name), 'q', 'the focus left the field')
  await p.press(p.link('End date', { within: p.page.getByRole('table') }))
  await p.at(/sort=end/)
  await p.sees(p.page.locator('th[aria-sort]').filter({ hasText: 'End date' }))
  if (p.keyboardOnly) assert.equal(await p.page.evaluate(() => document.activeElement.closest('th')?.innerText.trim()), 'End date', 'the focus left the head of the column')
  await p.page.goBack()
  await p.at(/q=simulation(&|$)/)
  await p.page.goBack()
  await p.sees(listed('Document licences'))
  assert.equal(new URL(p.page.url()).search, '')
})

job('delete an agreement after reading what goes', {}, async p => {
  const name = fresh('Deleted'), pair = number()
  const made = await api('POST', '/agreements', { name, type: 'volume', pairs: [{ authorizationNumber: pair, licenseNumber: pair }] })
  await p.open('/console/agreements/' + made.id)
  await p.press(p.link('Delete'))
  await p.sees('The real agreements with the publishers stay as they are.')
  await p.press(p.button('Delete'))
  await p.sees(`${name} is deleted here.`)
  await p.at(/^\/console\/agreements$/)
})

job('move ticked agreements, and undo it', {}, async p => {
  const group = await api('POST', '/groups', { name: fresh('Moved to') })
  const word = fresh('Ticked'), names = [word + ' one', word + ' two']
  for (const name of names) {
    const pair = number()
    await api('POST', '/agreements', { name, type: 'volume', pairs: [{ authorizationNumber: pair, licenseNumber: pair }] })
  }
  await p.open('/console/agreements?q=' + encodeURIComponent(word))
  for (const name of names) await p.press(p.tick(new RegExp(name)))
  await p.choose(p.field('Move to'), group.name)
  await p.press(p.button('Move'))
  await p.sees('Moved: 2')
  await p.press(p.button('Undo'))
  await p.sees('Moved: 2')
  assert.equal((await api('GET', '/groups/' + group.id)).agreementCount, 0)
})

job('jump to a page with the palette', { ways: ['with script', 'by keyboard'] }, async p => {
  await p.open('/console/overview')
  await p.page.keyboard.press('Control+k')
  await p.sees(p.page.getByRole('dialog', { name: 'Search' }))
  await p.page.keyboard.type('trend')
  await p.sees(p.page.getByRole('option', { name: 'Trend', selected: true }))
  await p.page.keyboard.press('Enter')
  await p.at(/^\/console\/reports\/trend$/)
  await p.page.keyboard.press('/')
  await p.page.keyboard.type('autodesk')
  await p.page.keyboard.press('Enter')
  await p.at(/^\/console\/agreements\?q=autodesk$/)
  await p.page.keyboard.press('Control+k')
  await p.page.keyboard.press('Escape')
  await p.page.getByRole('dialog', { name: 'Search' }).waitFor({ state: 'hidden' })
})
