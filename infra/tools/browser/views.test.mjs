// Saved views with a schedule, and reminders in a calendar.
import assert from 'node:assert/strict'
import { fresh, job, until } from './browser.mjs'

job('save a report as a view, and make its file', {}, async p => {
  const name = fresh('Weekly')
  await p.open('/console/reports/purchases?status=expiring')
  await p.press(p.link('Save this view'))
  await p.fill(p.field('Name'), name)
  await p.choose(p.field('Make a file'), 'Each week')
  await p.choose(p.field('Day of the week, of a weekly file'), 'Monday')
  await p.choose(p.field('Format'), 'CSV')
  await p.press(p.button('Save'))
  await p.sees(`${name} is added.`)
  await p.sees(`Saved view: ${name}`)
  assert.equal(new URL(p.page.url()).searchParams.get('status'), 'expiring')

  await p.open('/console/views')
  await p.press(p.row(name).getByRole('button', { name: 'Make today\'s file now' }))
  await p.sees(`Today's file of ${name} is being made.`)
  const last = p.row(name).getByRole('link', { name: /\d{4}$/ })
  await until('the file', async () => {
    await p.open('/console/views')
    return await last.count() > 0
  })
  await p.press(last)
  const download = p.page.waitForEvent('download')
  await p.press(p.page.getByRole('rowheader').getByRole('link'))
  assert.match((await download).suggestedFilename(), /\.csv$/)

  await p.open('/console/views')
  await p.press(p.row(name).getByRole('link', { name: 'Delete' }))
  await p.press(p.button('Delete'))
  await p.sees(`${name} is deleted.`)
})

job('make the address of a calendar feed, and revoke it', {}, async p => {
  await p.open('/console/reminders')
  await p.press(p.button(/^Make a/))
  const address = await p.field('Address of the calendar').inputValue()
  const calendar = await fetch(address)
  assert.match(await calendar.text(), /^BEGIN:VCALENDAR/)
  await p.press(p.link('Revoke the address'))
  await p.press(p.button('Revoke the address'))
  await p.sees('The address of your calendar feed is revoked.')
  assert.equal((await fetch(address)).status, 404)
})
