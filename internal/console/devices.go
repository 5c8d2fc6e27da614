package console

import "net/http"

func listDevices(v *visit) error {
	c := v.call()
	c.Query = v.only("prefix", "cursor")
	page, err := send(v, people.listDevices, c)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, devicesTemplate(v, page))
}

func (d *device) path() string { return "/console/devices/" + d.ID }

// device reads the device of the path.
func (v *visit) device() (deviceInGroups, error) {
	return send(v, people.getDevice, v.call(), v.r.PathValue("id"))
}

func showDevice(v *visit) error {
	d, err := v.device()
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, deviceTemplate(v, d))
}

// deviceFields returns the fields that describe a device.
func (v *visit) deviceFields(d device) []input {
	joins := append([]option{{Label: v.T("console_not_known")}}, v.options("console_join_", "joined", "hybrid", "registered")...)
	return []input{
		needed(textInput("displayName", v.T("console_display_name"), d.DisplayName)),
		textInput("operatingSystem", v.T("console_system"), d.OperatingSystem),
		textInput("operatingSystemVersion", v.T("console_system_version"), d.OperatingSystemVersion),
		selection("joinType", v.T("console_join"), d.JoinType, joins),
		textInput("deviceId", v.T("console_device_id"), d.DeviceID),
		textInput("objectId", v.T("console_object_id"), d.ObjectID),
		tick("enabled", v.T("console_enabled"), d.Enabled),
	}
}

func addDevice(v *visit) error {
	m := formPage{
		Crumb: v.T("console_devices"), Back: "/console/devices", Title: v.T("console_device_add"), Action: "/console/devices/new", Button: v.T("console_device_add"),
		Fields: v.deviceFields(device{Enabled: true}),
	}
	return v.submit(m, func(m *formPage) (string, error) {
		made, err := send(v, people.createDevice, v.change(m.filled()))
		if err == nil {
			v.note("console_done_added", "name", made.DisplayName)
		}
		return made.path(), err
	})
}

// ofDevice returns a form about a device.
func (v *visit) ofDevice(d deviceInGroups, title, action string) formPage {
	return formPage{Crumb: d.DisplayName, Back: d.path(), Title: title, Action: d.path() + "/" + action, Hidden: version(d.Version), Button: v.T("console_save")}
}

func editDevice(v *visit) error {
	d, err := v.device()
	if err != nil {
		return err
	}
	m := v.ofDevice(d, v.T("console_edit"), "edit")
	m.Fields = v.deviceFields(d.device)
	return v.submit(m, func(m *formPage) (string, error) {
		return d.path(), v.edited(m, func(body any) (string, error) {
			saved, err := send(v, people.updateDevice, v.change(body), d.ID)
			return saved.DisplayName, err
		})
	})
}

func deleteDevice(v *visit) error {
	d, err := v.device()
	if err != nil {
		return err
	}
	m := v.ofDevice(d, v.T("console_delete_one", "name", d.DisplayName), "deletion")
	m.Texts, m.Button, m.Danger = []string{v.T("console_device_delete_text"), itemNames(d.Groups)}, v.T("console_delete"), true
	return v.submit(m, func(*formPage) (string, error) {
		_, err := send(v, people.deleteDevice, v.change(nil), d.ID)
		if err == nil {
			v.note("console_done_removed", "name", d.DisplayName)
		}
		return "/console/devices", err
	})
}
