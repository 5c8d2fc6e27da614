// The way to the first licence position, in a system without data. TRUEUP_CONSOLE_EMPTY has its address.
import { state } from './axe.mjs'
import { job } from './browser.mjs'

const statement = 'License ID,Product family,Version,Product pool,Type,Effective quantity,Active SA quantity\n01-07001,Office Professional Plus,2021,Applications,License,1,0\n'
const inventory = 'Computer,Name,Publisher,Version\nFIRST-1,Microsoft Office Professional Plus 2021,Microsoft Corporation,16.0.1\n'
const system = { address: process.env.TRUEUP_CONSOLE_EMPTY }
// step is a step of the checklist.
const step = (p, name) => p.page.getByRole('listitem').filter({ has: p.page.getByRole('heading', { name }) })

state('the first steps of a system without data', async p => {
  await p.open('/console/overview')
  await p.sees(p.heading(/^Add an inventory/))
}, system)

job('add a statement from the checklist', system, async p => {
  await p.open('/console/overview')
  const first = step(p, /^Add a licence statement/)
  await p.file(first.getByLabel('File'), 'statement.csv', statement)
  await p.press(first.getByRole('button', { name: 'Upload' }))
  await p.sees(/statement.csv was received/)
  await p.sees(step(p, /^Add a licence statement/).getByText('(done)'))
  await p.press(p.link('Add agreements', { within: step(p, /^Add your agreements/) }))
  await p.sees(p.heading('Add agreements', { level: 1 }))
})

// The last test: afterwards the system has a PC, and no checklist.
job('add an inventory, and see the position', { ...system, ways: ['with script'] }, async p => {
  await p.open('/console/overview')
  const last = step(p, /^Add an inventory/)
  await p.file(last.getByLabel('File'), 'inventory.csv', inventory)
  await p.press(last.getByRole('button', { name: 'Upload' }))
  await p.sees(/inventory.csv was received/)
  await p.page.waitForFunction(async () => {
    const page = await (await fetch('/console/overview')).text()
    return page.includes('id="position"')
  }, null, { polling: 500 })
  await p.open('/console/overview')
  await p.sees(p.heading('Position'))
})
