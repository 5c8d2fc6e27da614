package access_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/access"
)

// TestGrants repeats the table of SPEC chapter 11, cell by cell.
func TestGrants(t *testing.T) {
	t.Parallel()
	columns := []access.Permission{
		access.AssignLicense, access.RemoveLicense, access.Buy, access.DeleteUser, access.DeviceLicenses,
		access.ManageAgreements, access.RefreshNow, access.Read, access.ReadDetails,
	}
	const yes, no = true, false
	rows := map[access.Role][]bool{
		access.GlobalAdmin:   {yes, yes, yes, yes, yes, yes, yes, yes, yes},
		access.BillingAdmin:  {no, no, yes, no, no, yes, yes, yes, yes},
		access.UserAdmin:     {yes, yes, no, yes, no, no, no, yes, no},
		access.ServiceAdmin:  {no, no, no, no, no, no, yes, yes, no},
		access.PasswordAdmin: {no, no, no, no, no, no, no, yes, no},
		"":                   {no, no, no, no, no, no, no, no, no},
		"owner":              {no, no, no, no, no, no, no, no, no},
	}
	for _, role := range access.Roles {
		if _, ok := rows[role]; !ok {
			t.Errorf("the table has no row for the role %q", role)
		}
	}
	for role, row := range rows {
		p := access.Principal{Subject: "someone", Roles: []access.Role{role}}
		for i, permission := range columns {
			if got := p.May(permission); got != row[i] {
				t.Errorf("%q may %s: %v, want %v", role, permission, got, row[i])
			}
		}
	}
}

func TestAsNamesTheRoleThatGrants(t *testing.T) {
	t.Parallel()
	p := access.Principal{Roles: []access.Role{access.PasswordAdmin, access.BillingAdmin}}
	if role, ok := p.As(access.ManageAgreements); !ok || role != access.BillingAdmin {
		t.Errorf("As(manage-agreements) = %q, %v", role, ok)
	}
	if role, ok := p.As(access.DeviceLicenses); ok {
		t.Errorf("As(device-licenses) = %q, want none", role)
	}
}

func TestCallerOfThePool(t *testing.T) {
	t.Parallel()
	both := []access.Role{access.GlobalAdmin, access.UserAdmin}
	for _, test := range []struct {
		name   string
		groups string
		want   []access.Role
	}{
		{"as API Gateway flattens a list", "[global-admin user-admin]", both},
		{"one", "[global-admin]", both[:1]},
		{"a text, as other issuers write one", "global-admin", both[:1]},
		{"a group with a comma in its name", "[sales,global-admin]", nil},
		{"a group with quotes in its name", `["global-admin"]`, nil},
		{"a group with brackets in its name", "[[global-admin] user-admin]", both[1:]},
		{"a group with a line break in its name", "[sales\nglobal-admin]", nil},
		{"repeated", "[global-admin global-admin]", both[:1]},
		{"unknown ones are dropped", "[Global-Admin owner user-admin global-admins]", both[1:]},
		{"none", "", nil},
		{"an empty list", "[]", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, ok := access.SignIn{}.Caller(map[string]string{"sub": "someone", "cognito:groups": test.groups}, "")
			want := access.Principal{Subject: "someone", Roles: test.want}
			if diff := cmp.Diff(want, got); diff != "" || !ok {
				t.Errorf("ok = %v, (-want +got)\n%s", ok, diff)
			}
		})
	}
	for _, subject := range []string{"", " "} {
		if p, ok := (access.SignIn{}).Caller(map[string]string{"sub": subject, "cognito:groups": "[global-admin]"}, ""); ok {
			t.Errorf("subject %q gives %+v, want nobody", subject, p)
		}
	}
	if p, ok := (access.SignIn{}).Caller(nil, ""); ok {
		t.Errorf("no claims give %+v, want nobody", p)
	}
}

func FuzzCallerOfThePool(f *testing.F) {
	for _, seed := range []string{"[global-admin user-admin]", `["billing-admin"]`, "a,b", "[[", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, groups string) {
		p, ok := access.SignIn{}.Caller(map[string]string{"sub": "s", "cognito:groups": groups}, "")
		if !ok {
			t.Fatal("a subject is somebody")
		}
		for i, role := range p.Roles {
			if !slices.Contains(access.Roles, role) || slices.Contains(p.Roles[:i], role) {
				t.Fatalf("roles %q of %q", p.Roles, groups)
			}
		}
	})
}

func TestCall(t *testing.T) {
	t.Parallel()
	if call := access.CallFrom(context.Background()); call.Principal != nil || call.RequestID != "" {
		t.Errorf("a context without a call gives %+v", call)
	}
	want := access.Call{Principal: &access.Principal{Subject: "someone"}, RequestID: "r1"}
	if diff := cmp.Diff(want, access.CallFrom(access.WithCall(context.Background(), want))); diff != "" {
		t.Error(diff)
	}
}
