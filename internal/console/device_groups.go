package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// deviceGroupsPage is what the list of device groups shows.
type deviceGroupsPage struct {
	Groups        []deviceGroup
	Subscriptions []subscription // for devices
}

func listDeviceGroups(v *visit) error {
	var groups deviceGroupList
	all := v.calls()
	fetch(all, people.listDeviceGroups, nil, &groups)
	forDevices := v.deviceSubscriptions(all)
	if err := all.Wait(); err != nil {
		return err
	}
	return v.render(http.StatusOK, deviceGroupsTemplate(v, deviceGroupsPage{groups.Items, forDevices.Items}))
}

// deviceSubscriptions starts a call for the subscriptions for devices.
func (v *visit) deviceSubscriptions(all *calls) *subscriptionList {
	var found subscriptionList
	fetch(all, people.listSubscriptions, url.Values{"kind": {"device"}}, &found)
	return &found
}

// deviceGroupName returns the name of a device group, or its id if the list does not have it.
func deviceGroupName(groups []deviceGroup, id string) string {
	for _, g := range groups {
		if g.ID == id {
			return g.Name
		}
	}
	return id
}

func (g *deviceGroup) path() string { return "/console/device-groups/" + g.ID }

// deviceGroupView is what the page of a device group shows.
type deviceGroupView struct {
	deviceGroupWithChange
	Groups        []deviceGroup // all of them, for names
	Subscriptions []subscription
	Members       memberPage
}

func showDeviceGroup(v *visit) error {
	id := v.r.PathValue("id")
	m := deviceGroupView{}
	var groups deviceGroupList
	all := v.calls()
	fetch(all, people.getDeviceGroup, nil, &m.deviceGroupWithChange, id)
	fetch(all, people.listDeviceGroups, nil, &groups)
	fetch(all, people.listDeviceGroupDevices, v.only("licensed", "cursor"), &m.Members, id)
	forDevices := v.deviceSubscriptions(all)
	if err := all.Wait(); err != nil {
		return err
	}
	m.Groups, m.Subscriptions = groups.Items, forDevices.Items
	if m.Change != nil {
		v.know(m.Change.By)
	}
	return v.render(http.StatusOK, deviceGroupTemplate(v, m))
}

// groupNames returns the names of device groups.
func (m *deviceGroupView) groupNames(ids []string) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = deviceGroupName(m.Groups, id)
	}
	return strings.Join(names, ", ")
}

// deviceGroupFields returns the fields that describe a device group.
func (v *visit) deviceGroupFields(g deviceGroup) []input {
	kind := g.Type
	if kind == "" {
		kind = "security"
	}
	return []input{
		needed(textInput("name", v.T("console_device_group_name"), g.Name)),
		selection("type", v.T("report_column_type"), kind, v.options("console_group_type_", "security", "dynamic", "distribution", "microsoft365")),
		textInput("objectId", v.T("console_object_id"), g.ObjectID),
	}
}

func addDeviceGroup(v *visit) error {
	m := formPage{
		Crumb: v.T("console_device_groups"), Back: "/console/device-groups", Title: v.T("console_device_group_add"), Action: "/console/device-groups/new",
		Button: v.T("console_device_group_add"), Fields: v.deviceGroupFields(deviceGroup{}),
	}
	return v.submit(m, func(m *formPage) (string, error) {
		made, err := send(v, people.createDeviceGroup, v.change(m.filled()))
		if err == nil {
			v.note("console_done_added", "name", made.Name)
		}
		return made.path(), err
	})
}

// deviceGroup reads the device group of the path.
func (v *visit) deviceGroup() (deviceGroupWithChange, error) {
	return send(v, people.getDeviceGroup, v.call(), v.r.PathValue("id"))
}

// ofDeviceGroup returns a form about a device group.
func (v *visit) ofDeviceGroup(g deviceGroup, title, action string) formPage {
	return formPage{Crumb: g.Name, Back: g.path(), Title: title, Action: g.path() + "/" + action, Hidden: version(g.Version), Button: v.T("console_save")}
}

func editDeviceGroup(v *visit) error {
	g, err := v.deviceGroup()
	if err != nil {
		return err
	}
	m := v.ofDeviceGroup(g.deviceGroup, v.T("console_edit"), "edit")
	m.Fields = v.deviceGroupFields(g.deviceGroup)
	return v.submit(m, func(m *formPage) (string, error) {
		return g.path(), v.edited(m, func(body any) (string, error) {
			saved, err := send(v, people.updateDeviceGroup, v.change(body), g.ID)
			return saved.Name, err
		})
	})
}

func deleteDeviceGroup(v *visit) error {
	g, err := v.deviceGroup()
	if err != nil {
		return err
	}
	m := v.ofDeviceGroup(g.deviceGroup, v.T("console_delete_one", "name", g.Name), "deletion")
	m.Texts, m.Button, m.Danger = []string{v.T("console_device_group_delete_text", "n", v.N(g.Devices))}, v.T("console_delete"), true
	return v.submit(m, func(*formPage) (string, error) {
		_, err := send(v, people.deleteDeviceGroup, v.change(nil), g.ID)
		if err == nil {
			v.note("console_done_removed", "name", g.Name)
		}
		return "/console/device-groups", err
	})
}

// assignDevices gives every device of a group a licence of a subscription that no group holds. The number
// of devices that the person has seen goes with it, so that a group that grows meanwhile is not licensed
// unseen.
func assignDevices(v *visit) error {
	all := v.calls()
	var g deviceGroupWithChange
	fetch(all, people.getDeviceGroup, nil, &g, v.r.PathValue("id"))
	forDevices := v.deviceSubscriptions(all)
	if err := all.Wait(); err != nil {
		return err
	}
	free := slices.DeleteFunc(forDevices.Items, func(s subscription) bool { return s.DeviceGroup != "" })
	m := v.ofDeviceGroup(g.deviceGroup, v.T("console_device_assign"), "assignment")
	m.Texts, m.Button = []string{v.T("console_device_assign_text", "n", v.N(g.Devices))}, v.T("console_device_assign")
	m.Hidden.Set("devices", strconv.Itoa(g.Devices))
	chosen := selection("subscription", v.T("report_column_subscription"), "", nil)
	for _, s := range free {
		chosen.Options = append(chosen.Options, option{Value: s.ID, Label: v.T("console_name_and_number", "name", s.Name, "n", v.N(s.Quantity))})
	}
	if chosen.Options == nil {
		m.Texts = append(m.Texts, v.T("console_device_assign_none"))
	} else {
		m.Fields = []input{chosen}
	}
	return v.submit(m, func(m *formPage) (string, error) {
		body := map[string]any{"subscription": m.value("subscription"), "devices": number(v.r.PostForm.Get("devices"))}
		_, err := send(v, people.assignDeviceLicenses, v.change(body), g.ID)
		if err == nil {
			v.note("console_done_device_assigned", "name", g.Name)
		}
		return g.path(), err
	})
}

// unassignDevices takes the licences of all devices of a group back.
func unassignDevices(v *visit) error {
	g, err := v.deviceGroup()
	if err != nil {
		return err
	}
	m := v.ofDeviceGroup(g.deviceGroup, v.T("console_device_unassign"), "unassignment")
	m.Texts, m.Button, m.Danger = []string{v.T("console_device_unassign_text", "n", v.N(g.Devices))}, v.T("console_device_unassign"), true
	m.Fields = []input{v.acknowledgement("read-only", v.T("console_acknowledge_read_only"))}
	return v.submit(m, func(m *formPage) (string, error) {
		_, err := send(v, people.unassignDeviceLicenses, v.acknowledged(m), g.ID)
		if err == nil {
			v.note("console_done_device_unassigned", "name", g.Name)
		}
		return g.path(), err
	})
}

// newMembersPage is the page that adds devices and groups to a device group.
type newMembersPage struct {
	deviceGroupWithChange
	Devices devicePage
	Others  []deviceGroup
	Errors  formErrors
}

func chooseMembers(v *visit) error { return v.chooseMembers(http.StatusOK, formErrors{}) }

func (v *visit) chooseMembers(status int, e formErrors) error {
	id := v.r.PathValue("id")
	m := newMembersPage{Errors: e}
	var groups deviceGroupList
	all := v.calls()
	fetch(all, people.getDeviceGroup, nil, &m.deviceGroupWithChange, id)
	fetch(all, people.listDeviceGroups, nil, &groups)
	fetch(all, people.listDevices, v.only("prefix", "cursor"), &m.Devices)
	if err := all.Wait(); err != nil {
		return err
	}
	m.Others = slices.DeleteFunc(groups.Items, func(g deviceGroup) bool { return g.ID == id || slices.Contains(m.Groups, g.ID) })
	return v.render(status, newMembersTemplate(v, m))
}

// members returns the ticked devices and groups as the API takes them.
func members(form url.Values) map[string]any {
	body := map[string]any{}
	for _, name := range []string{"devices", "groups"} {
		if ids := form[name]; len(ids) > 0 {
			body[name] = ids
		}
	}
	return body
}

func addMembers(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	id := v.r.PathValue("id")
	if len(members(form)) == 0 {
		return v.redirect("/console/device-groups/" + id + "/members")
	}
	changed, err := send(v, people.addDeviceGroupMembers, v.change(members(form)), id)
	if p := wrongInput(err); p != nil {
		return v.chooseMembers(p.Status, v.place(p, func(string) string { return "" }))
	}
	if err != nil {
		return err
	}
	v.noteMembers(changed)
	return v.redirect(changed.path())
}

// noteMembers says whether a change of members is made, or waits for a global admin.
func (v *visit) noteMembers(g deviceGroup) {
	if g.Waiting {
		v.note("console_done_members_wait", "name", g.Name)
	} else {
		v.note("console_done_members", "name", g.Name)
	}
}

func removeMembers(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	id := v.r.PathValue("id")
	if len(members(form)) == 0 {
		return v.redirect("/console/device-groups/" + id)
	}
	changed, err := send(v, people.removeDeviceGroupMembers, v.change(members(form)), id)
	if err != nil {
		return err
	}
	v.noteMembers(changed)
	return v.redirect(changed.path())
}

// confirmMembers makes a change of members that waits, and rejectMembers drops it.
func confirmMembers(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	g, err := send(v, people.confirmDeviceGroupMembers, v.change(nil), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	v.note("console_done_members", "name", g.Name)
	return v.redirect(g.path())
}

func rejectMembers(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	g, err := send(v, people.rejectDeviceGroupMembers, v.change(nil), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	v.note("console_done_members_rejected", "name", g.Name)
	return v.redirect(g.path())
}
