// What is installed, what agreements entitle to, and titles that nobody knows.
import assert from 'node:assert/strict'
import { api, fresh, job, until } from './browser.mjs'

const inventory = (title, publisher = 'Quaynet') => `Computer,Name,Publisher,Version\nBROWSER-1,${title},${publisher},1.0\nBROWSER-2,${title},${publisher},1.0\n`
const statement = number => `License ID,Product family,Version,Product pool,Type,Effective quantity,Active SA quantity\n${number},Office Professional Plus,2021,Applications,License,1,0\n`

job('upload an inventory', {}, async p => {
  const source = fresh('source') // names of sources are in lower case
  await p.open('/console/inventory')
  await p.file(p.field('File'), source.replaceAll(' ', '-') + '.csv', inventory('Microsoft Office Professional Plus 2021'))
  await p.fill(p.page.getByRole('textbox', { name: 'Source (optional)' }), source)
  await p.press(p.button('Upload'))
  await p.sees(/was received and is being counted/)
  await until('the count', async () => {
    const known = await api('GET', '/inventory')
    return known.sources.some(s => s.source === source && s.counted)
  })
  await p.open('/console/inventory')
  await p.sees(p.row(source).getByText('Counted'))
})

job('upload a statement, and take it out of use', {}, async p => {
  const file = fresh('statement').replaceAll(' ', '-') + '.csv'
  await p.open('/console/statements')
  await p.file(p.field('File'), file, statement('01-07001'))
  await p.press(p.button('Upload'))
  await p.sees(/was received and is being read/)
  await until('the statement', async () => (await api('GET', '/statements')).items.some(s => s.fileName === file && s.state === 'accepted'))
  await p.open('/console/statements')
  await p.press(p.link(file))
  await p.press(p.link('Take out of use'))
  await p.press(p.button('Take out of use'))
  await p.sees(/is out of use. A refresh follows/)
})

job('follow what goes on while the console does not answer for a moment', { ways: ['with script'], statuses: [503] }, async p => {
  const statuses = []
  await p.page.route('**/console/statements', async route => {
    const response = await route.fetch(), polled = route.request().resourceType() === 'fetch'
    statuses.push(polled && statuses.length === 1 ? 503 : 200)
    if (statuses.at(-1) === 503) return route.fulfill({ status: 503, contentType: 'text/html', body: '<h1>Not now</h1>' })
    const body = await response.text() // the first page and the first answer say that something goes on
    await route.fulfill({ response, body: statuses.length < 4 ? body.replace('id="results"', 'id="results" data-poll') : body })
  })
  await p.open('/console/statements')
  const link = p.page.locator('#results a').first(), name = await link.innerText()
  await link.focus()
  await until('the end of what goes on', () => p.page.locator('#results:not([data-poll])').count())
  assert.deepEqual(statuses, [200, 503, 200, 200])
  assert.equal(await p.page.evaluate(() => document.activeElement.innerText), name, 'the focus left the link')
  await p.sees(p.heading('Statements', { level: 1 }))
})

job('make a rule for an unknown title', {}, async p => {
  const title = fresh('Tide Forecast')
  const source = fresh('Unknown titles')
  await upload(source, inventory(title))
  await until('the title in the queue', async () => {
    const queue = await api('GET', '/inventory/queue?q=' + encodeURIComponent(title))
    return queue.items.length > 0
  })
  await p.open('/console/unknown')
  await p.fill(p.field('Name, publisher or version', { within: p.page.getByRole('form', { name: 'Filters' }) }), title)
  if (!p.hasScript) await p.press(p.button('Apply'))
  await p.press(p.page.getByRole('rowheader').getByRole('link', { name: title }))
  await p.sees(p.heading(title, { level: 1 }))
  await p.press(p.radio('Of no interest: ignore it'))
  await p.press(p.button('Check what it matches'))
  await p.sees(p.page.getByRole('status').getByText(title))
  await p.press(p.button('Save, then the next title'))
  await p.sees(/The rule is saved. Titles that follow it: 1. PCs: 2/)
})

job('go on after the connection was lost at one of several proposals', { ways: ['with script'], statuses: ['net::ERR_INTERNET_DISCONNECTED'] }, async p => {
  const title = 'SQL Servr Standard'
  await upload(fresh('Proposals'), inventory(title, 'Microsoft'))
  let entry
  await until('the title in the queue', async () => {
    [entry] = (await api('GET', '/inventory/queue?q=' + encodeURIComponent(title))).items
    return entry
  })
  assert.ok(entry.proposals.length > 1, JSON.stringify(entry))
  await p.open('/console/unknown')
  await p.fill(p.field('Name, publisher or version', { within: p.page.getByRole('form', { name: 'Filters' }) }), title)
  await p.press(p.page.getByRole('rowheader').getByRole('link', { name: title }))
  const forms = p.page.locator('form', { has: p.page.locator('[name=proposals]') }), second = forms.nth(1)
  const key = await second.locator('[name=key]').inputValue()
  await p.page.context().setOffline(true)
  await p.press(p.button(/^Accept/, { within: second }))
  await until('the error of the browser', () => p.page.url().startsWith('chrome-error:'))
  await p.page.context().setOffline(false)
  await p.page.goBack()
  await p.sees(second.getByText(/Sending it again is safe/))
  assert.equal(await p.page.getByText(/Sending it again is safe/).count(), 1)
  assert.equal(await second.locator('[name=key]').inputValue(), key)
  await p.press(p.button(/^Accept/, { within: second }))
  await until('the proposal that was accepted', async () => (await api('GET', '/inventory/queue?q=' + encodeURIComponent(title))).items.length === 0)
})

async function upload (source, text) {
  const made = await api('POST', '/inventory', { fileName: source.replaceAll(' ', '-') + '.csv', size: Buffer.byteLength(text), source })
  const sent = await fetch(made.upload.url, { method: made.upload.method, headers: made.upload.headers, body: text })
  assert.ok(sent.ok, `${sent.status} ${await sent.text()}`)
}
