// Reading reports, and bringing them up to date.
import assert from 'node:assert/strict'
import { api, job, until } from './browser.mjs'

job('follow a number to its explanation', {}, async p => {
  await p.open('/console/overview')
  const short = p.page.getByRole('region', { name: 'Where licences are missing' })
  const product = short.getByRole('link').first()
  const name = (await product.textContent()).trim()
  await p.press(product)
  await p.sees(p.heading(name, { level: 1 }))
  await p.sees(p.heading('Why this verdict'))
  await p.press(p.page.locator('main').getByRole('group').filter({ hasText: /Sources: [1-9]/ }).locator('summary').first())
  await p.sees(p.page.locator('details[open]').first())
})

job('filter a report by its verdict, and clear the filter', {}, async p => {
  await p.open('/console/reports/installations')
  const rows = p.page.getByRole('table').locator('tbody tr')
  const all = await rows.count()
  const unlicensed = p.radio(/^Unlicensed [1-9]/)
  if (p.keyboardOnly) await p.press(unlicensed)
  else await p.press(p.page.locator('label').filter({ has: unlicensed })) // what is drawn for the radio button
  if (!p.hasScript) await p.press(p.button('Apply'))
  await p.at(/verdict=unlicensed/)
  await until('fewer rows', async () => await rows.count() < all)
  assert.ok(await unlicensed.isChecked())
  await p.press(p.link('Clear filters').or(p.link('Clear')).first())
  await until('all rows', async () => await rows.count() === all)
})

job('compare two days', {}, async p => {
  // The kept day is compared with now, in which a product is adjusted.
  const [product] = (await api('GET', '/reports/license-installations?verdict=unlicensed&limit=1')).rows
  const path = '/position/adjustments/' + product.id
  await api('PUT', path, { quantity: 1, note: 'a trial' })
  try {
    // Other processes of the function read the adjustment a moment later.
    await until('the product among the changes', async () => {
      await p.open('/console/reports/comparison')
      await p.choose(p.field('To'), 'Now')
      if (!p.hasScript) await p.press(p.button('Apply'))
      await p.sees(/Installations without a licence: from \d+ to \d+/)
      return await p.row(product.product).count() > 0
    })
  } finally {
    await api('DELETE', path)
  }
})

job('export a report as a file', {}, async p => {
  await p.open('/console/reports/installations?verdict=short')
  await p.press(p.button('Export'))
  const download = p.page.waitForEvent('download')
  await p.press(p.link(/CSV/))
  const file = await download
  assert.match(file.suggestedFilename(), /\.csv$/)
  const text = await (await import('node:fs/promises')).readFile(await file.path(), 'utf8')
  assert.match(text, /Publisher/)
  assert.ok(text.split('\n').length > 2, text)
})

job('ask for a refresh, and see it end', {}, async p => {
  await p.open('/console/refreshes')
  await p.press(p.button('Refresh now'))
  await p.at(/^\/console\/refreshes\/.+/)
  await p.sees(p.heading(/^(Succeeded|Partly succeeded)/))
  await p.sees(p.page.getByRole('definition').first())
})
