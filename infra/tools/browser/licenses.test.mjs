// Licences of users and of devices.
import { api, fresh, job } from './browser.mjs'

async function organise (quantity, people) {
  const subscription = await api('POST', '/subscriptions', { name: fresh('Suite'), quantity })
  const users = []
  for (let n = 0; n < people; n++) {
    const name = fresh('Person')
    users.push(await api('POST', '/users', { userPrincipalName: name.replaceAll(' ', '-').toLowerCase() + '@example.org', displayName: name, usageLocation: 'BE' }))
  }
  return { subscription, users }
}

const assign = (subscription, users) => api('POST', '/license-assignments', { users: users.map(u => u.id), licenses: [{ subscription: subscription.id }] })

job('assign a licence in three steps', {}, async p => {
  const { subscription, users } = await organise(1, 2)
  await p.open('/console/users?q=' + encodeURIComponent('Person ' + users[0].displayName.split(' ')[1]))
  for (const user of users) await p.press(p.tick('Tick ' + user.displayName))
  await p.press(p.button('Assign licences'))
  await p.press(p.tick(new RegExp('^' + subscription.name)))
  await p.press(p.button('Check', { exact: true }))
  await p.sees(p.heading('Only checked, nothing was changed'))
  await p.sees(p.page.getByRole('row').filter({ hasText: 'Refused' }))
  await p.press(p.button('Assign licences'))
  await p.sees(p.heading('Result'))
  await p.sees(p.page.getByRole('row').filter({ hasText: 'Assigned' }).filter({ hasText: subscription.name }))
})

job('resolve a conflict', {}, async p => {
  const { subscription, users } = await organise(2, 2)
  await assign(subscription, users)
  const { version } = await api('GET', '/subscriptions/' + subscription.id)
  await api('PUT', `/subscriptions/${subscription.id}/quantity`, { quantity: 1, acknowledge: 'conflict' }, version)
  await p.open('/console/conflicts')
  const card = p.page.getByRole('region').filter({ hasText: subscription.name })
  await p.press(card.getByRole('link', { name: 'Buy more licences.' }))
  await p.fill(p.field('Licences to add'), '1')
  await p.press(p.button('Buy more'))
  await p.sees(`${subscription.name} has this number of licences now: 2`)
  await p.open('/console/conflicts')
  await card.waitFor({ state: 'detached' })
})

job('delete a user after reading what goes', { statuses: [422, 409] }, async p => {
  const { subscription, users: [user] } = await organise(1, 1)
  await assign(subscription, [user])
  await p.open('/console/users/' + user.id)
  await p.press(p.link('Delete'))
  await p.sees(subscription.name)
  await p.press(p.button('Delete'))
  await p.sees(p.page.locator('#errors').getByText('Tick this to confirm. Nothing was changed.'))
  await p.press(p.tick(/^I know that after 30 days/))
  await p.press(p.button('Delete'))
  await p.sees(new RegExp(`${user.displayName} is deleted. Licences that became free: 1`))
  await p.press(p.link('Restore'))
  await p.press(p.button('Restore'))
  await p.sees(`${user.displayName} is restored.`)
})

job('license the devices of a group', { statuses: [422, 409] }, async p => {
  const subscription = await api('POST', '/subscriptions', { name: fresh('Rooms'), quantity: 2, kind: 'device' })
  const group = fresh('Halls'), devices = [fresh('Hall'), fresh('Hall')]
  for (const displayName of devices) await api('POST', '/devices', { displayName, deviceId: crypto.randomUUID(), operatingSystem: 'Windows', operatingSystemVersion: '10.0.22631.4460', joinType: 'joined' })
  await p.open('/console/device-groups')
  await p.press(p.link('Add device group'))
  await p.fill(p.field('Name of the device group'), group)
  await p.press(p.button('Add device group'))
  await p.sees(`${group} is added.`)

  await p.press(p.link('Add members'))
  await p.fill(p.field('Name begins with'), 'hall')
  if (!p.hasScript) await p.press(p.button('Apply'))
  await p.at(/prefix=hall/)
  for (const name of devices) await p.press(p.tick('Tick ' + name))
  await p.press(p.button('Add members'))
  await p.sees(`The members of ${group} are changed.`)

  await p.press(p.link('Assign subscription'))
  await p.choose(p.field('Subscription'), `${subscription.name} (licences: 2)`)
  await p.press(p.button('Assign subscription'))
  await p.sees(`Each device in ${group} has a licence now.`)
  for (const name of devices) await p.sees(p.row(name))
  await p.press(p.link('Take the licences back'))
  await p.press(p.button('Take the licences back'))
  await p.sees(p.page.locator('#errors').getByText('Tick this to confirm. Nothing was changed.'))
  await p.press(p.tick(/become read-only/))
  await p.press(p.button(/^Take the licences back/))
  await p.sees(`The devices in ${group} have no licence any more.`)
})
