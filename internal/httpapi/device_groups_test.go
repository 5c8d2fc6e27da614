package httpapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/access"
	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/device"
	"trueup/internal/httpapi/licenses"
	"trueup/internal/httpapi/reports"
	"trueup/internal/once"
	"trueup/internal/report"
	"trueup/internal/subscription"
	"trueup/internal/testkit/storetest/faultproxy"
)

// TestR10_3_MembersWait: changes of the members of a group with a subscription wait for a global admin. They
// add up, and are confirmed or rejected as they were read.
func TestR10_3_MembersWait(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	send := func(role access.Role, method, path, tag, body string, want int) (g licenses.DeviceGroupWithChange) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+string(role)+" someone")
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		if tag != "" {
			r.Header.Set("If-Match", tag)
		}
		response, err := s.direct(r)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != want {
			t.Fatalf("%s %s as %s: %d %s %v, want %d", method, path, role, response.StatusCode, content, err, want)
		}
		if want < 300 && len(content) > 0 {
			if err := json.Unmarshal(content, &g); err != nil {
				t.Fatal(err)
			}
		}
		return g
	}
	add := func(path, body string) string { return send(access.GlobalAdmin, "POST", path, "", body, 201).ID }
	held, inside := add("/device-groups", `{"name":"Held"}`), add("/device-groups", `{"name":"Inside"}`)
	one, two, three := add("/devices", `{"displayName":"1"}`), add("/devices", `{"displayName":"2"}`), add("/devices", `{"displayName":"3"}`)
	send(access.UserAdmin, "POST", "/device-groups/"+held+"/members", "", fmt.Sprintf(`{"devices":[%q],"groups":[%q]}`, one, inside), 200)

	now := time.Now().UTC().Truncate(time.Millisecond)
	event := audit.Event{ID: "e", At: now, By: "someone", Role: "global-admin", Action: "test", Source: audit.SourceAPI}
	_, err := s.store.Subscriptions.Create(t.Context(), subscription.Holding{
		Subscription: subscription.Subscription{ID: "apps", Name: "Apps", Kind: subscription.ForDevices, CreatedAt: now, Version: 1},
		Seats:        subscription.Seats{Quantity: 5, Available: 5, AsOf: now, Version: 1},
	}, once.Change{Event: event})
	if err != nil {
		t.Fatal(err)
	}
	g, err := s.store.Devices.Group(t.Context(), held)
	if err == nil {
		event.ID = "f"
		_, err = s.store.Devices.Assign(t.Context(), g, device.Assignment{Subscription: "apps", Today: subscription.Today{Now: now, Zone: time.UTC}}, event)
	}
	if err != nil {
		t.Fatal(err)
	}

	members := func(group string) string { return "/device-groups/" + group + "/members" }
	send(access.UserAdmin, "POST", members(held), "", fmt.Sprintf(`{"devices":[%q]}`, two), 200)
	waiting := send(access.UserAdmin, "POST", members(held)+"/removals", "", fmt.Sprintf(`{"devices":[%q]}`, one), 200)
	want := licenses.WaitingMembers{By: "someone", Joining: []string{two}, Leaving: []string{one}, Groups: []string{inside}}
	if waiting.Change == nil || !waiting.Waiting || waiting.Devices != 1 || waiting.Subscription != "apps" {
		t.Fatalf("%+v", waiting)
	}
	want.At = waiting.Change.At
	if diff := cmp.Diff(want, *waiting.Change); diff != "" {
		t.Errorf("the change that waits (-want +got)\n%s", diff)
	}
	// Further changes by a global admin would be undone by the confirmation.
	send(access.GlobalAdmin, "POST", members(held), "", fmt.Sprintf(`{"devices":[%q]}`, three), 409)
	send(access.GlobalAdmin, "POST", members(held)+"/confirmation", fmt.Sprintf(`"%d-en"`, waiting.Version-1), "", 412)
	send(access.GlobalAdmin, "POST", members(held)+"/confirmation", "*", "", 428)
	confirmed := send(access.GlobalAdmin, "POST", members(held)+"/confirmation", fmt.Sprintf(`"%d-en"`, waiting.Version), "", 200)
	if confirmed.Devices != 1 || confirmed.Waiting || confirmed.Change != nil {
		t.Errorf("confirmed: %+v", confirmed)
	}
	if devices, err := s.store.Devices.Members(t.Context(), held); err != nil || len(devices) != 1 || devices[0].DeviceID != two {
		t.Errorf("%+v, %v: want the device that joined", devices, err)
	}

	// The devices of a group within it use licences, too.
	waiting = send(access.UserAdmin, "POST", members(inside), "", fmt.Sprintf(`{"devices":[%q]}`, three), 200)
	if waiting.Change == nil || waiting.Devices != 0 {
		t.Fatalf("a change of a group within: %+v", waiting)
	}
	rejected := send(access.GlobalAdmin, "POST", members(inside)+"/rejection", fmt.Sprintf(`"%d-en"`, waiting.Version), "", 200)
	if rejected.Devices != 0 || rejected.Waiting || rejected.Change != nil {
		t.Errorf("rejected: %+v", rejected)
	}
	if g := send(access.GlobalAdmin, "POST", members(inside), "", fmt.Sprintf(`{"devices":[%q]}`, three), 200); g.Devices != 1 || g.Waiting {
		t.Errorf("a change by a global admin: %+v", g)
	}

	// A device that has a licence is deleted by a global admin only, and a group with a subscription not at all.
	send(access.UserAdmin, "DELETE", "/devices/"+three, "", "", 409)
	send(access.GlobalAdmin, "DELETE", "/devices/"+three, "", "", 204)
	send(access.GlobalAdmin, "DELETE", "/device-groups/"+held, "", "", 409)
	send(access.GlobalAdmin, "PATCH", "/device-groups/"+held, "", `{"type":"microsoft365"}`, 409)
}

// TestR9_4_Overview: the overview counts subscriptions with their users and devices, conflicts, and what ends soon.
func TestR9_4_Overview(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	now := time.Now().UTC().Truncate(time.Millisecond)
	event := func(id string) audit.Event {
		return audit.Event{ID: id, At: now, By: "someone", Role: "global-admin", Action: "test", Source: audit.SourceAPI}
	}
	day := func(days int) day.Date { return day.Of(now.AddDate(0, 0, days)) }
	for i, h := range []subscription.Holding{
		{Subscription: subscription.Subscription{ID: "suite", Name: "Suite", Kind: subscription.ForUsers, Price: subscription.Price{Amount: 1000, Currency: "EUR"}}, Seats: subscription.Seats{Quantity: 5, Available: 5, EndsOn: day(30)}},
		{Subscription: subscription.Subscription{ID: "apps", Name: "Apps", Kind: subscription.ForDevices}, Seats: subscription.Seats{Quantity: 1, Available: 1, EndsOn: day(3000)}},
	} {
		h.CreatedAt, h.Version, h.Seats.AsOf, h.Seats.Version = now, 1, now, 1
		if _, err := s.store.Subscriptions.Create(t.Context(), h, once.Change{Event: event(fmt.Sprint("s", i))}); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"one", "two"} {
		d := device.Device{ID: id, Name: id, CreatedAt: now, Version: 1}
		if _, err := s.store.Devices.CreateDevice(t.Context(), d, once.Change{Event: event("d" + id)}); err != nil {
			t.Fatal(err)
		}
	}
	g := device.Group{ID: "g", Name: "Rooms", Type: device.Security, CreatedAt: now, Version: 1}
	_, err := s.store.Devices.CreateGroup(t.Context(), g, once.Change{Event: event("g")})
	join := func(id string) {
		if err == nil {
			joining := device.Change{Confirmed: true, To: func(m device.Members) (device.Members, error) { return m.With([]string{id}, nil, now), nil }}
			g, _, err = s.store.Devices.ChangeMembers(g, joining).Apply(t.Context(), once.Change{Event: event("j" + id)})
		}
	}
	if join("one"); err == nil {
		g, err = s.store.Devices.Assign(t.Context(), g, device.Assignment{Subscription: "apps", Today: subscription.Today{Now: now, Zone: time.UTC}}, event("a"))
	}
	if join("two"); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/overview", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+string(access.PasswordAdmin)+" someone")
	response, err := s.direct(r)
	if err != nil {
		t.Fatal(err)
	}
	var got reports.OverviewWithSubscriptions
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := reports.SubscriptionsOverview{
		SubscriptionReportTotals: report.SubscriptionReportTotals{
			Subscriptions: 2, Quantity: 6, Assigned: 2, Unused: 5, Short: 1, Conflicts: 1,
			CostPerMonth: []report.MonthlyCost{{Amount: 5000, Currency: "EUR"}}, UnusedCostPerMonth: []report.MonthlyCost{{Amount: 5000, Currency: "EUR"}},
		},
		Expiring: []reports.ExpiringSubscription{{ID: "suite", Name: "Suite", EndsOn: day(30)}}, ExpiringAll: 1,
	}
	if diff := cmp.Diff(want, got.Subscriptions); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestR13_3_MembersAreRemembered: a change of members is one write with the answer that repetitions get. So a caller that
// has lost the answer, because the process died after its first write, gets it with the same key and If-Match.
func TestR13_3_MembersAreRemembered(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, nil)
	send := func(path, key, tag, body string) (int, licenses.DeviceGroupWithChange) {
		headers := []string{"Idempotency-Key", key}
		if tag != "" {
			headers = append(headers, "If-Match", tag)
		}
		status, _, answer := f.do("POST", path, body, headers...)
		var g licenses.DeviceGroupWithChange
		if err := json.Unmarshal(answer, &g); err != nil {
			t.Fatal(err)
		}
		return status, g
	}
	_, g := send("/device-groups", "group", "", `{"name":"Rooms"}`)
	_, pc := send("/devices", "device", "", `{"displayName":"PC"}`)
	path, body := "/device-groups/"+g.ID+"/members", fmt.Sprintf(`{"devices":[%q]}`, pc.ID)

	f.proxy.SetHooks(faultproxy.Hooks{After: func(_ int, operation string) {
		if operation == "TransactWriteItems" {
			f.proxy.SetFaults(faultproxy.Faults{{Kind: faultproxy.AccessDenied, Rate: 1}}) // nothing works any more
		}
	}})
	send(path, "members", `"1-en"`, body)
	f.proxy.SetHooks(faultproxy.Hooks{})
	f.proxy.SetFaults(nil)
	if stored, err := f.store.Devices.Group(t.Context(), g.ID); err != nil || stored.Version != 2 {
		t.Fatalf("the change was not made before the death: %+v %v", stored, err)
	}
	for range 2 {
		if status, again := send(path, "members", `"1-en"`, body); status != 200 || again.Version != 2 || again.Devices != 1 {
			t.Errorf("the repetition: %d %+v", status, again)
		}
	}
	if status, _ := send(path, "members", `"1-en"`, `{}`); status != 422 {
		t.Errorf("the key with another body: %d", status)
	}
	// A change of nothing is remembered as well.
	_, same := send(path, "same", "", body)
	send(path+"/removals", "removals", "", body)
	if status, again := send(path, "same", "", body); status != 200 || same.Version != 2 || again.Version != 2 || again.Devices != 1 {
		t.Errorf("the repetition of a change of nothing: %d %+v", status, again)
	}
}
