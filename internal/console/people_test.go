package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"trueup/internal/access"
)

// directoryData is the ids of data about people in a filled world.
type directoryData struct {
	suite, drawing, short, forDevices     string // subscriptions
	ann, bob, cleo, dirk                  string // users; dirk is deleted
	rooms, empty, pc, joining, job, lists string
}

// fillPeople adds subscriptions, users, devices, a license job and a list of users through the API.
func fillPeople(t testing.TB, w *world) directoryData {
	t.Helper()
	made := func(method, path, body string) string {
		t.Helper()
		var answer struct{ ID string }
		w.ask(t, method, path, body, &answer)
		return answer.ID
	}
	end := time.Now().UTC().AddDate(0, 0, 40).Format(time.DateOnly)
	var d directoryData
	d.suite = made("POST", "/subscriptions", `{"name": "Office suite", "quantity": 5, "endsOn": "`+end+`", "termMonths": 12, "price": {"amount": 3650, "currency": "EUR"}, "countries": ["BE", "NL"],
		"services": [{"id": "mail", "name": "Mail"}, {"id": "chat", "name": "Chat", "requires": ["mail"]}]}`)
	d.drawing = made("POST", "/subscriptions", `{"name": "Drawing", "quantity": 1}`)
	d.short = made("POST", "/subscriptions", `{"name": "Planning", "quantity": 2}`)
	d.forDevices = made("POST", "/subscriptions", `{"name": "Apps for devices", "kind": "device", "quantity": 2}`)
	d.ann = made("POST", "/users", `{"userPrincipalName": "ann@example.org", "displayName": "Ann Aerts", "usageLocation": "BE", "department": "Sales", "enabled": true,
		"licenses": [{"subscription": "`+d.suite+`", "servicesOff": ["chat"]}, {"subscription": "`+d.drawing+`"}, {"subscription": "`+d.short+`"}]}`)
	d.bob = made("POST", "/users", `{"userPrincipalName": "bob@example.org", "displayName": "Bob Boon", "usageLocation": "NL", "enabled": true, "licenses": [{"subscription": "`+d.short+`"}]}`)
	d.cleo = made("POST", "/users", `{"userPrincipalName": "cleo@example.org", "displayName": "Cleo Cox", "enabled": true}`)
	d.dirk = made("POST", "/users", `{"userPrincipalName": "dirk@example.org", "displayName": "Dirk Dams", "usageLocation": "BE", "enabled": true}`)
	w.ask(t, "DELETE", "/users/"+d.dirk+"?acknowledge=service-data", "", nil)
	w.ask(t, "PUT", "/users/"+d.bob+"/licenses/"+d.drawing+"?wait=true", `{}`, nil)
	w.tagged(t, "PUT", "/subscriptions/"+d.short+"/quantity", `{"quantity": 1, "acknowledge": "conflict"}`)

	d.pc = made("POST", "/devices", `{"displayName": "Room 1", "operatingSystem": "Windows", "operatingSystemVersion": "10.0.19045", "joinType": "joined", "enabled": true}`)
	d.joining = made("POST", "/devices", `{"displayName": "Room 2", "operatingSystem": "Android", "enabled": true}`)
	d.rooms = made("POST", "/device-groups", `{"name": "Meeting rooms"}`)
	d.empty = made("POST", "/device-groups", `{"name": "Counters"}`)
	w.ask(t, "POST", "/device-groups/"+d.rooms+"/members", `{"devices": ["`+d.pc+`"]}`, nil)
	w.tagged(t, "PUT", "/device-groups/"+d.rooms+"/subscription", `{"subscription": "`+d.forDevices+`"}`)
	uma, members := w.as(t, person("uma", access.UserAdmin)), "/console/device-groups/"+d.rooms+"/members" // whose change waits
	joining := uma.get(members).fields(members)
	joining.Set("devices", d.joining)
	uma.post(members, joining).is(http.StatusSeeOther)

	d.job = made("POST", "/license-jobs", `{"action": "assign", "licenses": [{"subscription": "`+d.drawing+`"}], "selection": {"q": "cleo"}, "dryRun": true}`)
	w.put(t, "users/mistakes.csv", "../../events/users/mistakes.csv")
	eventually(t, "the job and the list", func() bool {
		var job struct{ Final bool }
		w.ask(t, "GET", "/license-jobs/"+d.job, "", &job)
		var files listed
		w.ask(t, "GET", "/directory-files", "", &files)
		if len(files.Items) == 0 || !files.Items[0].Final {
			return false
		}
		d.lists = files.Items[0].ID
		return job.Final
	})
	return d
}

// tagged calls the API with the current version of what the first two parts of the path name.
func (w *world) tagged(t testing.TB, method, path, body string) {
	t.Helper()
	parts := strings.SplitN(path, "/", 4)
	var now struct{ Version int64 }
	w.ask(t, "GET", "/"+parts[1]+"/"+parts[2], "", &now)
	w.askWith(t, method, path, body, now.Version, nil)
}

// peopleViews are the pages about people that are read.
func (d directoryData) views() map[string]string {
	const c = "/console/"
	return map[string]string{
		"subscriptions": c + "subscriptions", "subscriptions-no-match": c + "subscriptions?q=nothing-has-this-name", "subscriptions-conflict": c + "subscriptions?conflict=shortage&sort=available",
		"subscription-new": c + "subscriptions/new", "subscription": c + "subscriptions/" + d.suite, "subscription-services": c + "subscriptions/" + d.suite + "?tab=services",
		"subscription-waiting": c + "subscriptions/" + d.drawing + "?tab=waiting", "subscription-unused": c + "subscriptions/" + d.suite + "?tab=unused&inactiveDays=30",
		"subscription-history": c + "subscriptions/" + d.short + "?tab=history", "subscription-devices": c + "subscriptions/" + d.forDevices,
		"subscription-edit": c + "subscriptions/" + d.suite + "/edit", "subscription-purchase": c + "subscriptions/" + d.suite + "/purchase", "subscription-quantity": c + "subscriptions/" + d.suite + "/quantity",
		"subscription-renewal": c + "subscriptions/" + d.suite + "/renewal", "subscription-deletion": c + "subscriptions/" + d.suite + "/deletion",
		"users": c + "users", "users-filtered": c + "users?licensed=false&sort=createdAt&order=desc", "users-deleted": c + "users?deleted=true", "users-no-match": c + "users?department=none",
		"user-new": c + "users/new", "user": c + "users/" + d.ann, "user-waits": c + "users/" + d.bob, "user-deleted": c + "users/" + d.dirk, "user-history": c + "users/" + d.ann + "?tab=history",
		"user-edit": c + "users/" + d.ann + "/edit", "user-license": c + "users/" + d.cleo + "/license?subscription=" + d.suite, "user-deletion": c + "users/" + d.ann + "/deletion",
		"user-removal": c + "users/" + d.ann + "/licenses/" + d.suite + "/removal", "user-restoration": c + "users/" + d.dirk + "/restoration",
		"users-deletions": c + "users/deletions?ids=" + d.ann + "&ids=" + d.dirk, "users-restorations": c + "users/restorations?all=true&filters=deleted%3Dtrue",
		"installations-devices": c + "reports/installations?deviceGroup=" + d.rooms, "missed-devices": c + "reports/missed-devices?deviceGroup=" + d.rooms, "missed-none": c + "reports/missed-devices?deviceGroup=" + d.empty,
		"assign": c + "assignments/new?ids=" + d.bob + "&ids=" + d.cleo, "conflicts": c + "conflicts", "conflict": c + "conflicts/" + d.short,
		"device-groups": c + "device-groups", "device-group-new": c + "device-groups/new", "device-group": c + "device-groups/" + d.rooms, "device-group-empty": c + "device-groups/" + d.empty,
		"device-group-edit": c + "device-groups/" + d.rooms + "/edit", "device-group-deletion": c + "device-groups/" + d.empty + "/deletion", "device-group-members": c + "device-groups/" + d.empty + "/members",
		"device-group-assignment": c + "device-groups/" + d.empty + "/assignment", "device-group-unassignment": c + "device-groups/" + d.rooms + "/unassignment",
		"devices": c + "devices", "devices-no-match": c + "devices?prefix=none", "device": c + "devices/" + d.pc, "device-new": c + "devices/new", "device-edit": c + "devices/" + d.pc + "/edit", "device-deletion": c + "devices/" + d.joining + "/deletion",
		"license-jobs": c + "license-jobs", "license-job": c + "license-jobs/" + d.job, "directory": c + "directory", "directory-file": c + "directory/" + d.lists,
	}
}

// peopleWriting is the part of writing about people.
var peopleWriting = map[string]map[access.Permission][]string{
	"subscriptions": {access.Buy: {"GET /console/subscriptions/new"}},
	"subscription": {access.Buy: {
		"GET /console/subscriptions/SUITE/purchase", "GET /console/subscriptions/SUITE/renewal", "GET /console/subscriptions/SUITE/quantity", "GET /console/subscriptions/SUITE/edit",
		"GET /console/subscriptions/SUITE/deletion", "POST /console/subscriptions/SUITE/auto-renew",
	}},
	"subscription-waiting": {access.AssignLicense: {"POST /console/subscriptions/DRAWING/waiting/BOB/removal"}},
	"users":                {access.ManageUsers: {"GET /console/users/new"}, access.AssignLicense: {"GET /console/assignments/new"}, access.DeleteUser: {"GET /console/users/deletions"}},
	"users-deleted":        {access.DeleteUser: {"GET /console/users/restorations"}},
	"users-deletions":      {access.DeleteUser: {"POST /console/users/deletions"}},
	"users-restorations":   {access.DeleteUser: {"POST /console/users/restorations"}},
	"user": {
		access.ManageUsers: {"GET /console/users/ANN/edit"}, access.DeleteUser: {"GET /console/users/ANN/deletion"}, access.RemoveLicense: {"GET /console/users/ANN/licenses/SUITE/removal"},
		access.AssignLicense: {"GET /console/users/ANN/license"},
	},
	"user-deleted":       {access.DeleteUser: {"GET /console/users/DIRK/restoration"}},
	"conflict":           {access.Buy: {"GET /console/subscriptions/SHORT/purchase"}, access.DeleteUser: {"GET /console/users"}},
	"device-groups":      {access.ManageUsers: {"GET /console/device-groups/new"}},
	"device-group-empty": {access.DeviceLicenses: {"GET /console/device-groups/EMPTY/assignment"}, access.ManageUsers: {"GET /console/device-groups/EMPTY/members", "GET /console/device-groups/EMPTY/edit", "GET /console/device-groups/EMPTY/deletion"}},
	"device-group": {
		access.DeviceLicenses: {"GET /console/device-groups/ROOMS/unassignment", "POST /console/device-groups/ROOMS/members/confirmation", "POST /console/device-groups/ROOMS/members/rejection"},
		access.ManageUsers:    {"POST /console/device-groups/ROOMS/members/removal"},
	},
	"devices":   {access.ManageUsers: {"GET /console/devices/new"}},
	"device":    {access.ManageUsers: {"GET /console/devices/PC/edit", "GET /console/devices/PC/deletion"}},
	"directory": {access.PutLists: {"POST /console/directory"}},
}

// names returns the pairs of a replacer from the names in peopleWriting to ids.
func (d directoryData) names() []string {
	return []string{"SUITE", d.suite, "DRAWING", d.drawing, "SHORT", d.short, "ANN", d.ann, "BOB", d.bob, "DIRK", d.dirk, "ROOMS", d.rooms, "EMPTY", d.empty, "PC", d.pc}
}

// testSubscription: R9.6 licences are bought, the number is set, and the subscription is renewed.
func testSubscription(t *testing.T, f *filled) {
	v := f.as(t, an)
	form := v.get("/console/subscriptions/new").fields("/console/subscriptions/new")
	form.Set("name", "Try-out")
	form.Set("quantity", "many")
	p := v.post("/console/subscriptions/new", form).is(http.StatusUnprocessableEntity).sound()
	if p.fieldError("quantity") == "" {
		t.Errorf("no error at the quantity: %s", p.text())
	}
	form.Set("quantity", "10")
	form.Set("price", "9,5 EUR")
	form.Set("endsOn", time.Now().UTC().AddDate(0, 1, 0).Format(time.DateOnly))
	form.Set("services", "mail | Mail | BE NL\nchat | Chat | | mail")
	p = v.done("/console/subscriptions/new", form).sound().has("Try-out is added.", "EUR 9.50", "EUR 95.00")
	path := p.path
	v.get(path+"?tab=services").has("Mail", "Chat", "BE, NL")
	form.Set("key", "again")
	p = v.post("/console/subscriptions/new", form).is(http.StatusConflict).sound()
	if p.fieldError("name") == "" {
		t.Errorf("no error at the name: %s", p.text())
	}

	// Two people edit it.
	mine, theirs := v.get(path+"/edit").fields(path+"/edit"), v.get(path+"/edit").fields(path+"/edit")
	theirs.Set("partNumber", "TRY_1")
	v.done(path+"/edit", theirs).has("Try-out is saved.", "TRY_1")
	mine.Set("name", "Try")
	mine.Set("key", "mine")
	p = v.post(path+"/edit", mine).is(http.StatusPreconditionFailed).sound().has("Another person has changed this meanwhile", "Save mine anyway")
	again := p.fields(path + "/edit")
	again.Set("partNumber", "TRY_1")
	v.done(path+"/edit", again).has("Try is saved.", "TRY_1")

	buy := v.get(path + "/purchase").fields(path + "/purchase")
	buy.Set("quantity", "5")
	buy.Set("reference", "Order 7")
	v.done(path+"/purchase", buy).has("Try has this number of licences now: 15")
	v.get(path + "?tab=history").has("Order 7")

	renew := v.get(path + "/renewal").fields(path + "/renewal")
	renew.Set("until", "2001-01-01")
	v.post(path+"/renewal", renew).is(http.StatusConflict).sound().has("Give a day after")
	renew.Set("until", time.Now().UTC().AddDate(1, 0, 0).Format(time.DateOnly))
	v.done(path+"/renewal", renew).has("Try is renewed until")
	remove := v.get(path + "/deletion").fields(path + "/deletion")
	v.done(path+"/deletion", remove).has("Try is deleted.")

	// Unused licences, with a button to take each back.
	f.proxy.answer("GET /license-suggestions", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"items": [{"user": {"id": "` + f.ann + `", "displayName": "Ann Aerts"}, "neverSignedIn": true, "assignedAt": "2026-01-01T00:00:00Z"}],
			"totals": {"licenses": 1, "users": 1, "saves": [{"amount": 3650, "currency": "EUR"}]}}`))
	})
	v.get("/console/subscriptions/"+f.suite+"?tab=unused").sound().has("Licences that could be taken back: 1", "Saved per month: EUR 36.50", "Ann Aerts", "Never", "Remove licence").mayUse(an)
	f.as(t, bo).get("/console/subscriptions/" + f.suite + "?tab=unused").sound().mayUse(bo)
	for _, file := range []string{"csv", "xlsx"} {
		link := "/console/export/license-suggestions/" + file + "?subscription=" + f.suite
		if n := len(v.get("/console/subscriptions/"+f.suite+"?tab=unused").all("a", "href", link)); n != 1 {
			t.Errorf("the page has %d links to %s", n, link)
		}
		v.get(link).is(http.StatusOK)
	}
	f.proxy.answer("GET /license-suggestions", nil)

	// A number below the assigned ones needs a tick.
	path = "/console/subscriptions/" + f.suite
	set := v.get(path + "/quantity").fields(path + "/quantity")
	set.Set("quantity", "0")
	p = v.post(path+"/quantity", set).is(http.StatusConflict).sound().has("Tick this to confirm. Nothing was changed.")
	if p.fieldError("acknowledge") == "" {
		t.Error("no error at the tick")
	}
	set.Set("acknowledge", "conflict")
	set.Set("key", "acknowledged")
	v.done(path+"/quantity", set).has("Office suite has this number of licences now: 0", "Too few licences")
	set = v.get(path + "/quantity").fields(path + "/quantity")
	set.Set("quantity", "5")
	v.done(path+"/quantity", set).has("licences now: 5").lacks("Too few licences")
	v.post(path+"/deletion", v.get(path+"/deletion").fields(path+"/deletion")).is(http.StatusConflict).sound()
	auto := v.get(path).fields(path + "/auto-renew")
	v.done(path+"/auto-renew", auto).has("Office suite is saved.", "Switch off")
}

// testUser: a user is added, gets a licence and loses it, is edited, deleted and restored.
func testUser(t *testing.T, f *filled) {
	v := f.as(t, person("uma", access.UserAdmin))
	form := v.get("/console/users/new").fields("/console/users/new")
	form.Set("userPrincipalName", "not a name")
	p := v.post("/console/users/new", form).is(http.StatusUnprocessableEntity).sound()
	if p.fieldError("userPrincipalName") == "" {
		t.Errorf("no error at the name: %s", p.text())
	}
	form.Set("userPrincipalName", "eve@example.org")
	form.Set("displayName", "Eve Evers")
	form.Set("usageLocation", "BE")
	form["licenses"] = []string{f.suite}
	p = v.done("/console/users/new", form).sound().has("Eve Evers is added.", "Office suite")
	path := p.path

	// Services are switched off, and the licence is taken away only with a tick.
	license := p.fields(path + "/license")
	if license.Get("subscription") == "" {
		t.Errorf("no licence to assign: %v", license)
	}
	services := v.get(path + "/license?subscription=" + f.suite).sound().fields(path + "/license")
	services["services"] = []string{"mail"}
	v.done(path+"/license", services).has("Office suite is set for Eve Evers.", "Chat")
	removal := path + "/licenses/" + f.suite + "/removal"
	remove := v.get(removal).has("except documents in SharePoint Online").fields(removal)
	v.post(removal, remove).is(http.StatusConflict).sound().has("Tick this to confirm. Nothing was changed.")
	remove.Set("acknowledge", "service-data")
	v.done(removal, remove).has("Eve Evers has no licence of Office suite any more.")
	v.get(removal).is(http.StatusNotFound)

	// None is free: the page says why, and the user can wait.
	full := v.get(path + "/license?subscription=" + f.drawing).has("Free: 0").fields(path + "/license")
	v.post(path+"/license", full).is(http.StatusConflict).sound()
	full.Set("wait", "true")
	full.Set("key", "waits")
	v.done(path+"/license", full).has("Waits for", "Drawing")
	line := "/console/subscriptions/" + f.drawing
	id := strings.TrimPrefix(path, "/console/users/")
	v.done(line+"/waiting/"+id+"/removal", v.get(line+"?tab=waiting").fields(line+"/waiting/"+id+"/removal")).has("Eve Evers does not wait any more.")

	edit := v.get(path + "/edit").fields(path + "/edit")
	edit.Set("department", "Audit & control")
	edit.Set("usageLocation", "XX")
	p = v.post(path+"/edit", edit).is(http.StatusUnprocessableEntity).sound()
	if p.fieldError("usageLocation") == "" {
		t.Errorf("no error at the location: %s", p.text())
	}
	edit.Set("usageLocation", "NL")
	v.done(path+"/edit", edit).has("Eve Evers is saved.", "Audit & control")
	deletion := v.get(path + "/deletion").fields(path + "/deletion")
	v.post(path+"/deletion", deletion).is(http.StatusConflict).sound().has("Tick this to confirm")
	deletion.Set("acknowledge", "service-data")
	v.done(path+"/deletion", deletion).sound().has("Eve Evers is deleted.", "Can be restored until")
	restore := v.get(path + "/restoration").fields(path + "/restoration")
	v.done(path+"/restoration", restore).has("Eve Evers is restored.")
	v.get(path+"?tab=history").sound().has("User restored", "User deleted", "uma@example.org")
	deletion = v.get(path + "/deletion").fields(path + "/deletion")
	deletion.Set("acknowledge", "service-data")
	v.done(path+"/deletion", deletion)
}

// testAssign: R9.2, R9.3 people, licences, a check that changes nothing, and the result for each.
func testAssign(t *testing.T, f *filled) {
	v := f.as(t, an)
	p := v.get("/console/assignments/new?ids="+f.bob+"&ids="+f.cleo).has("People: 2", "Bob Boon", "Cleo Cox", "Free: 4")
	form := p.fields("/console/assignments/check")
	v.post("/console/assignments/check", form).is(http.StatusUnprocessableEntity).sound()
	form["subscription"] = []string{f.suite}
	form["on"] = []string{f.suite + "/mail"}
	p = v.post("/console/assignments/check", form).is(http.StatusOK).sound().has("Only checked, nothing was changed", "Assigned", "Refused", "usage location")
	v.get("/console/users/" + f.bob).lacks("/licenses/" + f.suite + "/removal")
	assign := p.fields("/console/assignments")
	if got := assign["off"]; len(got) != 1 || got[0] != f.suite+"/chat" {
		t.Errorf("services off: %v", got)
	}
	v.post("/console/assignments", assign).is(http.StatusOK).sound().has("Result", "Assigned", "Refused", "usage location")
	v.get("/console/users/"+f.bob).has("Office suite", "Chat")

	// Removing needs the tick.
	form = v.get("/console/assignments/new?all=true&filters=" + url.QueryEscape("q=bob")).has("People: 1").fields("/console/assignments/check")
	form.Set("mode", "remove")
	form["subscription"] = []string{f.suite}
	remove := v.post("/console/assignments/check", form).is(http.StatusOK).sound().fields("/console/assignments")
	p = v.post("/console/assignments", remove).is(http.StatusConflict).sound().has("Tick this to confirm")
	v.get("/console/users/" + f.bob).has("Office suite")
	remove = p.fields("/console/assignments")
	remove.Set("acknowledge", "service-data")
	v.post("/console/assignments", remove).is(http.StatusOK).sound().has("Removed")
	v.get("/console/users/" + f.bob).lacks("/licenses/" + f.suite + "/removal")
	v.get("/console/assignments/new").is(http.StatusSeeOther)
}

// testManyUsers: more than 1,000 users are a job, whose check has a form that does it.
func testManyUsers(t *testing.T, f *filled) {
	defer f.proxy.answer("GET /users", nil)
	v := f.as(t, an)
	f.proxy.answer("GET /users", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"items": [{"id": "` + f.cleo + `", "userPrincipalName": "cleo@example.org"}], "totals": {"users": 1001}}`))
	})
	form := v.get("/console/assignments/new?all=true&filters="+url.QueryEscape("q=cleo&licensed=false")).sound().has("People: 1,001", "a job").fields("/console/assignments/check")
	form["subscription"] = []string{f.drawing}
	started := v.post("/console/assignments/check", form).is(http.StatusSeeOther).header.Get("Location")
	var p *page
	eventually(t, "the rehearsal", func() bool { p = v.get(started); return len(p.all("*", "data-poll", "")) == 0 })
	do := p.sound().has("Only checked", "cleo@example.org", "Users done: 1 of 1").fields("/console/assignments")
	started = v.post("/console/assignments", do).is(http.StatusSeeOther).header.Get("Location")
	eventually(t, "the job", func() bool { p = v.get(started); return len(p.all("*", "data-poll", "")) == 0 })
	p.sound().has("Succeeded", "Refused").lacks("Only checked")
}

// testDevices: R10.1 to R10.3 groups of devices, their members, and changes that wait for a global admin.
func testDevices(t *testing.T, f *filled) {
	uma := f.as(t, person("uma", access.UserAdmin))
	form := uma.get("/console/devices/new").fields("/console/devices/new")
	p := uma.post("/console/devices/new", form).is(http.StatusUnprocessableEntity).sound()
	if p.fieldError("displayName") == "" {
		t.Errorf("no error at the name: %s", p.text())
	}
	form.Set("displayName", "Counter 1")
	device := uma.done("/console/devices/new", form).sound().has("Counter 1 is added.", "Cannot use the licence").path
	edit := uma.get(device + "/edit").fields(device + "/edit")
	edit.Set("operatingSystem", "Windows")
	edit.Set("operatingSystemVersion", "10.0.22631")
	edit.Set("joinType", "hybrid")
	uma.done(device+"/edit", edit).has("Counter 1 is saved.", "Can use the licence")

	group := "/console/device-groups/" + f.empty
	add := uma.get(group + "/members?prefix=counter").fields(group + "/members")
	uma.post(group+"/members", add).is(http.StatusSeeOther) // nothing ticked
	add.Set("devices", strings.TrimPrefix(device, "/console/devices/"))
	uma.done(group+"/members", add).has("The members of Counters are changed.", "Counter 1")

	// Only a global admin takes licences back, with a tick, and assigns them to another group.
	rooms := "/console/device-groups/" + f.rooms
	uma.get(rooms + "/unassignment").is(http.StatusForbidden)
	v := f.as(t, an)
	v.done(rooms+"/members/rejection", v.get(rooms).fields(rooms+"/members/rejection")).has("The change of Meeting rooms is rejected.")
	add = uma.get(rooms + "/members").fields(rooms + "/members")
	add.Set("devices", f.joining)
	uma.done(rooms+"/members", add).has("waits for a global admin", "These roles can: Global admin")
	v.done(rooms+"/members/confirmation", v.get(rooms).fields(rooms+"/members/confirmation")).has("The members of Meeting rooms are changed.", "Room 2")
	back := v.get(rooms + "/unassignment").has("Devices that lose their licence: 2").fields(rooms + "/unassignment")
	v.post(rooms+"/unassignment", back).is(http.StatusConflict).sound().has("Tick this to confirm")
	back.Set("acknowledge", "read-only")
	v.done(rooms+"/unassignment", back).has("have no licence any more")
	assign := v.get(group + "/assignment").fields(group + "/assignment")
	assign.Set("devices", "7")
	v.post(group+"/assignment", assign).is(http.StatusConflict).sound()
	assign = v.get(group + "/assignment").fields(group + "/assignment")
	v.done(group+"/assignment", assign).sound().has("Each device in Counters has a licence now.", "Apps for devices")
	uma.post(group+"/deletion", uma.get(group+"/deletion").fields(group+"/deletion")).is(http.StatusConflict).sound()

	removal := uma.get(rooms).fields(rooms + "/members/removal")
	uma.post(rooms+"/members/removal", removal).is(http.StatusSeeOther) // nothing ticked
	removal.Set("devices", f.joining)
	uma.done(rooms+"/members/removal", removal).has("The members of Meeting rooms are changed.").lacks("/console/devices/" + f.joining + `"`)
	deletion := "/console/devices/" + f.joining + "/deletion"
	uma.done(deletion, uma.get(deletion).fields(deletion)).has("Room 2 is deleted.")

	made := uma.get("/console/device-groups/new").fields("/console/device-groups/new")
	made.Set("name", "counters")
	p = uma.post("/console/device-groups/new", made).is(http.StatusConflict).sound()
	if p.fieldError("name") == "" {
		t.Errorf("no error at the name: %s", p.text())
	}
	made.Set("name", "Halls")
	made.Set("key", "halls")
	halls := uma.done("/console/device-groups/new", made).has("Halls is added.", "The group has no devices.").path
	rename := uma.get(halls + "/edit").fields(halls + "/edit")
	rename.Set("name", "Great halls")
	uma.done(halls+"/edit", rename).has("Great halls is saved.")
	uma.done(halls+"/deletion", uma.get(halls+"/deletion").fields(halls+"/deletion")).has("Great halls is deleted.")
}

// testDirectory: lists of users, devices and subscriptions are uploaded, and their findings shown.
func testDirectory(t *testing.T, f *filled) {
	const path = "/console/directory"
	v := f.as(t, an)
	form := v.get(path).fields(path)
	v.upload(path, form, "").is(http.StatusUnprocessableEntity).sound().has("Choose a file, then upload it.")
	form.Set("list", "subscriptions")
	p := v.upload(path, form, "../../events/README.md").is(http.StatusUnprocessableEntity).sound()
	if p.fieldError("file") == "" {
		t.Errorf("no error at the file: %s", p.text())
	}
	started := v.upload(path, form, "../../events/subscriptions/licenses.csv").is(http.StatusSeeOther).header.Get("Location")
	eventually(t, "the list", func() bool { return len(v.get(started).all("*", "data-poll", "")) == 0 })
	v.get(started).sound().has("licenses.csv", "Subscriptions", "Rows")
	v.get("/console/subscriptions").has("Microsoft 365 E3")

	large := v.post(path, url.Values{"list": {"users"}, "fileName": {"users.csv"}, "size": {"90000000"}}).is(http.StatusOK)
	if !strings.Contains(large.body, `"method":"PUT"`) {
		t.Errorf("the address for a large file: %s", large.body)
	}
	v.get("/console/directory/"+f.lists).sound().has("mistakes.csv", "What was found, line by line")
	billing := f.as(t, person("bill", access.BillingAdmin)).get(path).sound()
	if options := billing.all("option"); len(options) == 0 || strings.Contains(billing.body, `value="devices"`) {
		t.Error("a billing admin can choose lists of devices")
	}
}
