// Package access defines who may do what: the roles of SPEC chapter 11, as one table.
package access

import "slices"

// Role is a role of SPEC chapter 11. SignIn says which values in a token stand for it.
type Role string

// The roles.
const (
	GlobalAdmin   Role = "global-admin"
	BillingAdmin  Role = "billing-admin"
	UserAdmin     Role = "user-admin"
	ServiceAdmin  Role = "service-admin"
	PasswordAdmin Role = "password-admin"
)

// Roles lists every role.
var Roles = []Role{GlobalAdmin, BillingAdmin, UserAdmin, ServiceAdmin, PasswordAdmin}

// Permission is a column of the table of SPEC chapter 11.
type Permission string

// The permissions.
const (
	AssignLicense    Permission = "assign-license"
	RemoveLicense    Permission = "remove-license"
	Buy              Permission = "buy" // buy more, renew
	DeleteUser       Permission = "delete-user"
	DeviceLicenses   Permission = "device-licenses"
	ManageAgreements Permission = "manage-agreements" // agreements, groups, imports, catalog
	RefreshNow       Permission = "refresh-now"
	Read             Permission = "read"
	ReadDetails      Permission = "read-details"  // agreement details (R2.7)
	ManageUsers      Permission = "manage-users"  // create and edit users and devices, files of them
	OverseeViews     Permission = "oversee-views" // stop and delete saved views of others (R8.8)
	// PutLists is not a column: it is ManageUsers or Buy, for a route where the list decides which.
	PutLists Permission = "put-lists"
	Anyone   Permission = "anyone" // no token needed
)

// grants is the table of SPEC chapter 11, with R2.7's row for details.
var grants = map[Permission][]Role{
	AssignLicense:    {GlobalAdmin, UserAdmin},
	RemoveLicense:    {GlobalAdmin, UserAdmin},
	Buy:              {GlobalAdmin, BillingAdmin},
	DeleteUser:       {GlobalAdmin, UserAdmin},
	DeviceLicenses:   {GlobalAdmin},
	ManageAgreements: {GlobalAdmin, BillingAdmin},
	RefreshNow:       {GlobalAdmin, BillingAdmin, ServiceAdmin},
	Read:             {GlobalAdmin, BillingAdmin, UserAdmin, ServiceAdmin, PasswordAdmin},
	ReadDetails:      {GlobalAdmin, BillingAdmin},
	ManageUsers:      {GlobalAdmin, UserAdmin},
	OverseeViews:     {GlobalAdmin},
	PutLists:         {GlobalAdmin, BillingAdmin, UserAdmin},
}

// RolesWith returns the roles that grant a permission.
func RolesWith(permission Permission) []Role { return slices.Clone(grants[permission]) }

// Principal is the caller, from a verified token.
type Principal struct {
	Subject string // identifies the person or program, and never changes
	Name    string // what people recognise; empty if the token has none. It gives no rights: some issuers let people choose it
	Roles   []Role // known roles only
	// GroupsLeftOut reports whether the issuer left the groups out of the token because there are
	// too many. Roles is empty then, though the caller may have some.
	GroupsLeftOut bool
	// Console reports whether the token was issued to the web console, so that the caller uses it.
	Console bool
}

// May reports whether one of the principal's roles grants the permission.
func (p Principal) May(permission Permission) bool {
	_, ok := p.As(permission)
	return ok
}

// As returns the role that grants the permission, for the audit event.
func (p Principal) As(permission Permission) (Role, bool) {
	for _, role := range p.Roles {
		if slices.Contains(grants[permission], role) {
			return role, true
		}
	}
	return "", false
}
