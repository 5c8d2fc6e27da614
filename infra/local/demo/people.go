package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// users is the number of people of Kingfisher who have an account.
const users = 3000

// bought is a subscription of Kingfisher.
type bought struct {
	name     string
	licenses int
	assigned int // users, or devices of the group
	left     int // licences that are left after some were given up; fewer than assigned is a conflict
	group    string
	ends     string // the renewal date; empty for one far away
}

// subscriptions returns what Kingfisher has subscribed to: suites (a user has one at most), what some users have
// in addition, and licences of groups of PCs.
func subscriptions() (suites, extras, rooms []bought) {
	same := func(name string, licenses, assigned int) bought {
		return bought{name: name, licenses: licenses, assigned: assigned, left: licenses}
	}
	suites = []bought{same("Microsoft 365 E3", 1400, 1365), same("Microsoft 365 E5", 260, 260), same("Microsoft 365 F3", 1250, 1180)}
	extras = []bought{
		same("Visio Plan 2", 70, 52),
		{name: "Project Plan 3", licenses: 45, assigned: 44, left: 40},
		same("Power BI Pro", 200, 131),
		same("Microsoft Teams Rooms Pro", 20, 14), same("Dynamics 365 Sales", 30, 30),
		{name: "Power Automate Premium", licenses: 25, assigned: 6, left: 25, ends: soon(52)},
		same("Adobe Acrobat Pro", 60, 55),
	}
	rooms = []bought{
		{name: "Microsoft 365 Apps for enterprise (device)", licenses: 40, assigned: 38, left: 36, group: "Terminal kiosks"},
		{name: "Windows 11 Enterprise (device)", licenses: 30, assigned: 24, left: 30, group: "Meeting rooms"},
	}
	return suites, extras, rooms
}

// deviceGroups has the number of PCs of each group.
var deviceGroups = []struct {
	name string
	pcs  int
}{{"Terminal kiosks", 38}, {"Meeting rooms", 24}, {"Yard", 31}, {"Bridges", 17}}

// prices are what a licence costs in a month, in euro cents. The lists of admin centres have no prices.
var prices = map[string]int{
	"Microsoft 365 E3": 3690, "Microsoft 365 E5": 5910, "Microsoft 365 F3": 750, "Visio Plan 2": 1420, "Project Plan 3": 2810, "Power BI Pro": 1310,
	"Microsoft Teams Rooms Pro": 3740, "Dynamics 365 Sales": 9840, "Power Automate Premium": 1400, "Adobe Acrobat Pro": 2240,
	"Microsoft 365 Apps for enterprise (device)": 1120, "Windows 11 Enterprise (device)": 660,
}

// directoryFiles returns the lists of subscriptions, users and PCs, as the admin centres of Microsoft write
// them. The PCs are the first of the inventory.
func directoryFiles(fleet []pc) []file {
	suites, extras, rooms := subscriptions()
	var list strings.Builder
	list.WriteString("Product Title,Total Licenses,Expired Licenses,Assigned licenses,Renewal Date\n")
	for _, some := range [][]bought{suites, extras, rooms} {
		for _, s := range some {
			fmt.Fprintf(&list, "%s,%d,0,,%s\n", s.name, s.licenses, cmp.Or(s.ends, "2099-06-30"))
		}
	}
	held := make([][]string, users)
	next := 0
	for _, s := range suites {
		for range s.assigned {
			held[next] = append(held[next], s.name)
			next++
		}
	}
	for i, s := range extras {
		for n := range s.assigned {
			user := (n*37 + i*101) % next // spread over those who have a suite
			held[user] = append(held[user], s.name)
		}
	}
	first, last := []string{"An", "Bram", "Chloé", "Daan", "Emma", "Farid", "Griet", "Hugo", "Inès", "Jef"}, []string{"Peeters", "Janssens", "Dubois", "Maes", "El Amrani", "Lambert", "Wouters", "Claes", "Martin", "De Smet"}
	departments := []string{"Operations", "Finance", "Terminal", "Yard", "Crewing", "Agencies", "IT"}
	countries := []string{"BE", "NL", "FR"}
	var people strings.Builder
	people.WriteString("User principal name,Display name,Department,Usage location,Licenses,Object Id\n")
	for i := range users {
		licenses := strings.Join(held[i], "+")
		if licenses == "" {
			licenses = "Unlicensed"
		}
		fmt.Fprintf(&people, "u%04d@kingfisher.example,%s %s,%s,%s,%s,7c1e0000-0000-4000-8000-%012d\n",
			i, first[i%10], last[i/10%10], departments[i%7], countries[i%3], licenses, i)
	}
	files := []file{{"subscriptions/kingfisher-licenses.csv", []byte(list.String())}, {"users/kingfisher-users.csv", []byte(people.String())}}
	start := 0
	for _, g := range deviceGroups {
		var devices strings.Builder
		devices.WriteString("displayName,accountEnabled,operatingSystem,operatingSystemVersion,joinType (trustType),deviceId\n")
		for _, p := range fleet[start : start+g.pcs] {
			fmt.Fprintf(&devices, "%s,True,Windows,%s,Azure AD joined,%s\n", p.name, p.windows, p.id)
		}
		start += g.pcs
		files = append(files, file{"devices/groups/" + g.name + "/kingfisher.csv", []byte(devices.String())})
	}
	return files
}

// people loads users, subscriptions and groups of PCs, and checks how many licences are used. Two
// subscriptions have too few, because Kingfisher has given some up.
func (c client) people(ctx context.Context, files []file, out io.Writer) error {
	for _, f := range files {
		if err := c.put(ctx, f); err != nil {
			return fmt.Errorf("put %s: %w", f.key, err)
		}
	}
	if err := c.ended(ctx, "/directory-files", "succeeded", files); err != nil {
		return err
	}
	suites, extras, rooms := subscriptions()
	for _, r := range rooms {
		if err := c.assign(ctx, r); err != nil {
			return err
		}
	}
	var wrong []error
	conflicts := 0
	for _, some := range [][]bought{suites, extras, rooms} {
		for _, b := range some {
			s, err := c.reduce(ctx, b)
			if err == nil {
				err = c.price(ctx, s)
			}
			if err != nil {
				return err
			}
			if s.Quantity != b.left || s.Assigned != b.assigned {
				wrong = append(wrong, fmt.Errorf("%s: %d licences and %d used, want %d and %d", b.name, s.Quantity, s.Assigned, b.left, b.assigned))
			}
			if b.left < b.assigned {
				conflicts++
			}
		}
	}
	var all struct {
		Totals struct{ Users, Licensed int }
	}
	var found struct {
		Items []struct {
			SubscriptionName string
			ShortBy          int
		}
	}
	if err := errors.Join(c.get(ctx, "/users?limit=1", &all), c.get(ctx, "/conflicts", &found)); err != nil {
		return err
	}
	if all.Totals.Users != users || len(found.Items) != conflicts {
		wrong = append(wrong, fmt.Errorf("%d users and %d conflicts, want %d and %d", all.Totals.Users, len(found.Items), users, conflicts))
	}
	if wrong != nil {
		return fmt.Errorf("users and licences differ from the demo's data:\n%w", errors.Join(wrong...))
	}
	fmt.Fprintf(out, "%d users, %d with licences of %d subscriptions; %d groups of PCs. Too few licences:\n", users, all.Totals.Licensed, len(suites)+len(extras)+len(rooms), len(deviceGroups))
	for _, f := range found.Items {
		fmt.Fprintf(out, "  %s: %d\n", f.SubscriptionName, f.ShortBy)
	}
	fmt.Fprintln(out)
	return nil
}

// subscribed is a subscription of the API.
type subscribed struct {
	ID, Name, DeviceGroup string
	Quantity, Assigned    int
}

func (c client) subscription(ctx context.Context, name string) (s subscribed, err error) {
	var list struct{ Items []subscribed }
	if err := c.get(ctx, "/subscriptions?q="+url.QueryEscape(name), &list); err != nil {
		return s, err
	}
	for _, s := range list.Items {
		if s.Name == name {
			return s, nil
		}
	}
	return s, fmt.Errorf("there is no subscription %s", name)
}

// assign gives a subscription to its group of PCs, unless it has it.
func (c client) assign(ctx context.Context, b bought) error {
	s, err := c.subscription(ctx, b.name)
	if err != nil || s.DeviceGroup != "" {
		return err
	}
	var groups struct{ Items []struct{ ID, Name string } }
	if err := c.get(ctx, "/device-groups", &groups); err != nil {
		return err
	}
	for _, g := range groups.Items {
		if g.Name == b.group {
			status, err := c.call(ctx, http.MethodPut, "/device-groups/"+g.ID+"/subscription", map[string]string{"subscription": s.ID}, nil)
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("assigning %s to %s: status %d", b.name, b.group, status)
			}
			return err
		}
	}
	return fmt.Errorf("there is no group %s", b.group)
}

// price sets what a licence of a subscription costs.
func (c client) price(ctx context.Context, s subscribed) error {
	status, err := c.call(ctx, http.MethodPatch, "/subscriptions/"+s.ID, map[string]any{"price": map[string]any{"amount": prices[s.Name], "currency": "EUR"}}, nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the price of %s: status %d", s.Name, status)
	}
	return err
}

// reduce sets the number of licences that are left, and returns the subscription.
func (c client) reduce(ctx context.Context, b bought) (subscribed, error) {
	s, err := c.subscription(ctx, b.name)
	if err != nil || s.Quantity == b.left {
		return s, err
	}
	tag, err := c.tag(ctx, "/subscriptions/"+s.ID)
	if err != nil {
		return s, err
	}
	answer, err := c.send(ctx, http.MethodPut, "/subscriptions/"+s.ID+"/quantity", map[string]any{"quantity": b.left, "acknowledge": "conflict"}, tag)
	if err == nil && answer.status != http.StatusOK {
		err = fmt.Errorf("the quantity of %s: %s", b.name, answer.body)
	}
	if err != nil {
		return s, err
	}
	return c.subscription(ctx, b.name)
}
