package console

import (
	"time"

	"trueup/internal/console/client"
)

// peopleEndpoints are the operations of the API about people, subscriptions and devices. See endpoints.
type peopleEndpoints struct {
	listSubscriptions         client.Operation[subscriptionList]
	getSubscriptionReport     client.Operation[subscriptionReport]
	createSubscription        client.Operation[subscription]
	getSubscription           client.Operation[subscription]
	updateSubscription        client.Operation[subscription]
	deleteSubscription        client.Operation[client.None]
	purchaseLicenses          client.Operation[subscription]
	setQuantity               client.Operation[subscription]
	renewSubscription         client.Operation[subscription]
	setAutoRenew              client.Operation[subscription]
	listSubscriptionUsers     client.Operation[holderPage]
	listWaitingUsers          client.Operation[waitingPage]
	removeWaitingUser         client.Operation[client.None]
	listSuggestions           client.Operation[suggestionPage]
	listUsers                 client.Operation[userPage]
	createUser                client.Operation[user]
	getUser                   client.Operation[user]
	updateUser                client.Operation[user]
	deleteUser                client.Operation[deletedUser]
	deleteUsers               client.Operation[userResults]
	restoreUser               client.Operation[restoredUser]
	assignLicense             client.Operation[client.None]
	removeLicense             client.Operation[client.None]
	assignLicenses            client.Operation[userResults]
	removeLicenses            client.Operation[userResults]
	createLicenseJob          client.Operation[licenseJob]
	listLicenseJobs           client.Operation[licenseJobPage]
	getLicenseJob             client.Operation[licenseJob]
	listLicenseJobResults     client.Operation[userResultPage]
	listConflicts             client.Operation[conflictList]
	listConflictUsers         client.Operation[conflictUserPage]
	listDevices               client.Operation[devicePage]
	createDevice              client.Operation[device]
	getDevice                 client.Operation[deviceInGroups]
	updateDevice              client.Operation[device]
	deleteDevice              client.Operation[client.None]
	listDeviceGroups          client.Operation[deviceGroupList]
	createDeviceGroup         client.Operation[deviceGroup]
	getDeviceGroup            client.Operation[deviceGroupWithChange]
	updateDeviceGroup         client.Operation[deviceGroup]
	deleteDeviceGroup         client.Operation[client.None]
	listDeviceGroupDevices    client.Operation[memberPage]
	assignDeviceLicenses      client.Operation[client.None]
	unassignDeviceLicenses    client.Operation[client.None]
	addDeviceGroupMembers     client.Operation[deviceGroup]
	removeDeviceGroupMembers  client.Operation[deviceGroup]
	confirmDeviceGroupMembers client.Operation[deviceGroup]
	rejectDeviceGroupMembers  client.Operation[deviceGroup]
	createDirectoryFile       client.Operation[createdDirectoryFile]
	listDirectoryFiles        client.Operation[directoryFilePage]
	getDirectoryFile          client.Operation[checkedFile]
}

var people = peopleEndpoints{
	listSubscriptions:         client.Get[subscriptionList]("/subscriptions"),
	getSubscriptionReport:     client.Get[subscriptionReport]("/reports/subscriptions"),
	createSubscription:        client.Post[subscription]("/subscriptions"),
	getSubscription:           client.Get[subscription]("/subscriptions/{id}"),
	updateSubscription:        client.Patch[subscription]("/subscriptions/{id}"),
	deleteSubscription:        client.Delete[client.None]("/subscriptions/{id}"),
	purchaseLicenses:          client.Post[subscription]("/subscriptions/{id}/purchases"),
	setQuantity:               client.Put[subscription]("/subscriptions/{id}/quantity"),
	renewSubscription:         client.Post[subscription]("/subscriptions/{id}/renewals"),
	setAutoRenew:              client.Put[subscription]("/subscriptions/{id}/auto-renew"),
	listSubscriptionUsers:     client.Get[holderPage]("/subscriptions/{id}/users"),
	listWaitingUsers:          client.Get[waitingPage]("/subscriptions/{id}/waiting"),
	removeWaitingUser:         client.Delete[client.None]("/subscriptions/{id}/waiting/{user}"),
	listSuggestions:           client.Get[suggestionPage]("/license-suggestions"),
	listUsers:                 client.Get[userPage]("/users"),
	createUser:                client.Post[user]("/users"),
	getUser:                   client.Get[user]("/users/{id}"),
	updateUser:                client.Patch[user]("/users/{id}"),
	deleteUser:                client.Delete[deletedUser]("/users/{id}"),
	deleteUsers:               client.Post[userResults]("/users/deletions"),
	restoreUser:               client.Post[restoredUser]("/users/{id}/restoration"),
	assignLicense:             client.Put[client.None]("/users/{id}/licenses/{subscription}"),
	removeLicense:             client.Delete[client.None]("/users/{id}/licenses/{subscription}"),
	assignLicenses:            client.Post[userResults]("/license-assignments"),
	removeLicenses:            client.Post[userResults]("/license-removals"),
	createLicenseJob:          client.Post[licenseJob]("/license-jobs"),
	listLicenseJobs:           client.Get[licenseJobPage]("/license-jobs"),
	getLicenseJob:             client.Get[licenseJob]("/license-jobs/{id}"),
	listLicenseJobResults:     client.Get[userResultPage]("/license-jobs/{id}/results"),
	listConflicts:             client.Get[conflictList]("/conflicts"),
	listConflictUsers:         client.Get[conflictUserPage]("/conflicts/{subscription}/users"),
	listDevices:               client.Get[devicePage]("/devices"),
	createDevice:              client.Post[device]("/devices"),
	getDevice:                 client.Get[deviceInGroups]("/devices/{id}"),
	updateDevice:              client.Patch[device]("/devices/{id}"),
	deleteDevice:              client.Delete[client.None]("/devices/{id}"),
	listDeviceGroups:          client.Get[deviceGroupList]("/device-groups"),
	createDeviceGroup:         client.Post[deviceGroup]("/device-groups"),
	getDeviceGroup:            client.Get[deviceGroupWithChange]("/device-groups/{id}"),
	updateDeviceGroup:         client.Patch[deviceGroup]("/device-groups/{id}"),
	deleteDeviceGroup:         client.Delete[client.None]("/device-groups/{id}"),
	listDeviceGroupDevices:    client.Get[memberPage]("/device-groups/{id}/devices"),
	assignDeviceLicenses:      client.Put[client.None]("/device-groups/{id}/subscription"),
	unassignDeviceLicenses:    client.Delete[client.None]("/device-groups/{id}/subscription"),
	addDeviceGroupMembers:     client.Post[deviceGroup]("/device-groups/{id}/members"),
	removeDeviceGroupMembers:  client.Post[deviceGroup]("/device-groups/{id}/members/removals"),
	confirmDeviceGroupMembers: client.Post[deviceGroup]("/device-groups/{id}/members/confirmation"),
	rejectDeviceGroupMembers:  client.Post[deviceGroup]("/device-groups/{id}/members/rejection"),
	createDirectoryFile:       client.Post[createdDirectoryFile]("/directory-files"),
	listDirectoryFiles:        client.Get[directoryFilePage]("/directory-files"),
	getDirectoryFile:          client.Get[checkedFile]("/directory-files/{id}"),
}

// The responses of the API, with the fields that pages show.
type (
	money struct {
		Amount   int    `json:"amount"`
		Currency string `json:"currency"`
	}
	subscriptionList struct {
		Items []subscription `json:"items"`
	}
	subscription struct {
		ID          string       `json:"id"`
		Name        string       `json:"name"`
		Kind        string       `json:"kind"`
		SKU         string       `json:"sku"`
		PartNumber  string       `json:"partNumber"`
		Quantity    int          `json:"quantity"`
		Assigned    int          `json:"assigned"`
		Available   int          `json:"available"`
		Status      string       `json:"status"`
		EndsOn      string       `json:"endsOn"`
		RenewsOn    string       `json:"renewsOn"`
		AutoRenew   bool         `json:"autoRenew"`
		TermMonths  int          `json:"termMonths"`
		Countries   []string     `json:"countries"`
		Services    []service    `json:"services"`
		Price       *money       `json:"price"`
		AgreementID string       `json:"agreementId"`
		DeviceGroup string       `json:"deviceGroup"`
		Watched     bool         `json:"watched"`
		Waiting     int          `json:"waiting"`
		Conflicts   []conflictOf `json:"conflicts"`
		Version     int64        `json:"version"`
	}
	service struct {
		ID        string   `json:"id"`
		Name      string   `json:"name"`
		Countries []string `json:"countries"`
		Requires  []string `json:"requires"`
		Excludes  []string `json:"excludes"`
	}
	conflictOf struct {
		Kind     string    `json:"kind"`
		ShortBy  int       `json:"shortBy"`
		Since    time.Time `json:"since"`
		DaysLeft int       `json:"daysLeft"`
		Overdue  bool      `json:"overdue"`
		WaysOut  []wayOut  `json:"waysOut"`
	}
	wayOut struct {
		Action     string   `json:"action"`
		Message    string   `json:"message"`
		Permission string   `json:"permission"`
		Roles      []string `json:"roles"`
	}
	holderName struct {
		ID                string `json:"id"`
		DisplayName       string `json:"displayName"`
		UserPrincipalName string `json:"userPrincipalName"`
	}
	holderPage struct {
		Items      []holder `json:"items"`
		NextCursor string   `json:"nextCursor"`
	}
	holder struct {
		User        holderName `json:"user"`
		AssignedAt  time.Time  `json:"assignedAt"`
		AssignedBy  string     `json:"assignedBy"`
		ServicesOff []string   `json:"servicesOff"`
	}
	waitingPage struct {
		Items      []waitingUser `json:"items"`
		NextCursor string        `json:"nextCursor"`
	}
	waitingUser struct {
		User       holderName  `json:"user"`
		Since      time.Time   `json:"since"`
		By         string      `json:"by"`
		Violations []violation `json:"violations"`
	}
	violation struct {
		Subscription string `json:"subscription"`
		Error        string `json:"error"`
		Code         string `json:"code"`
		Message      string `json:"message"`
	}
	suggestionPage struct {
		Items      []suggestion     `json:"items"`
		NextCursor string           `json:"nextCursor"`
		Message    string           `json:"message"`
		Totals     suggestionTotals `json:"totals"`
	}
	suggestion struct {
		User          holderName `json:"user"`
		Department    string     `json:"department"`
		AssignedAt    time.Time  `json:"assignedAt"`
		LastActiveAt  time.Time  `json:"lastActiveAt"`
		NeverSignedIn bool       `json:"neverSignedIn"`
		Saves         *money     `json:"saves"`
	}
	suggestionTotals struct {
		Licenses int     `json:"licenses"`
		Users    int     `json:"users"`
		Saves    []money `json:"saves"`
	}
	userPage struct {
		Items      []user     `json:"items"`
		NextCursor string     `json:"nextCursor"`
		Totals     userTotals `json:"totals"`
	}
	userTotals struct {
		Users      int `json:"users"`
		Licensed   int `json:"licensed"`
		Unlicensed int `json:"unlicensed"`
		Disabled   int `json:"disabled"`
		Guests     int `json:"guests"`
	}
	user struct {
		ID                      string        `json:"id"`
		UserPrincipalName       string        `json:"userPrincipalName"`
		DisplayName             string        `json:"displayName"`
		Department              string        `json:"department"`
		UsageLocation           string        `json:"usageLocation"`
		Type                    string        `json:"type"`
		Enabled                 bool          `json:"enabled"`
		ObjectID                string        `json:"objectId"`
		LastSignInAt            time.Time     `json:"lastSignInAt"`
		CreatedAt               time.Time     `json:"createdAt"`
		DeletedAt               *time.Time    `json:"deletedAt"`
		RestorableUntil         time.Time     `json:"restorableUntil"`
		ExcludedFromSuggestions bool          `json:"excludedFromSuggestions"`
		ExcludedUntil           string        `json:"excludedUntil"`
		Licenses                []userLicense `json:"licenses"`
		Waiting                 []userPlace   `json:"waiting"`
		Warnings                []warning     `json:"warnings"`
		Version                 int64         `json:"version"`
	}
	userLicense struct {
		Subscription string    `json:"subscription"`
		Name         string    `json:"name"`
		ServicesOff  []string  `json:"servicesOff"`
		AssignedAt   time.Time `json:"assignedAt"`
		AssignedBy   string    `json:"assignedBy"`
	}
	userPlace struct {
		Subscription string    `json:"subscription"`
		Name         string    `json:"name"`
		Since        time.Time `json:"since"`
		By           string    `json:"by"`
	}
	warning struct {
		Code         string `json:"code"`
		Message      string `json:"message"`
		Subscription string `json:"subscription"`
	}
	deletedUser struct {
		Freed           []string  `json:"freed"`
		RestorableUntil time.Time `json:"restorableUntil"`
	}
	restoredUser struct {
		User       user        `json:"user"`
		Violations []violation `json:"violations"`
	}
	userResults struct {
		DryRun bool         `json:"dryRun"`
		Items  []userResult `json:"items"`
		Short  []shortage   `json:"short"`
		Totals resultTotals `json:"totals"`
	}
	userResult struct {
		User              string      `json:"user"`
		UserPrincipalName string      `json:"userPrincipalName"`
		Outcome           string      `json:"outcome"`
		Message           string      `json:"message"`
		Assigned          []string    `json:"assigned"`
		Removed           []string    `json:"removed"`
		Violations        []violation `json:"violations"`
		Warnings          []warning   `json:"warnings"`
	}
	shortage struct {
		Subscription string `json:"subscription"`
		Name         string `json:"name"`
		Missing      int    `json:"missing"`
	}
	resultTotals struct {
		Users     int `json:"users"`
		Assigned  int `json:"assigned"`
		Unchanged int `json:"unchanged"`
		Removed   int `json:"removed"`
		Refused   int `json:"refused"`
		Waiting   int `json:"waiting"`
		Deleted   int `json:"deleted"`
		Unknown   int `json:"unknown"`
	}
	userResultPage struct {
		Items      []userResult `json:"items"`
		NextCursor string       `json:"nextCursor"`
	}
	licenseJobPage struct {
		Items      []licenseJob `json:"items"`
		NextCursor string       `json:"nextCursor"`
	}
	licenseJob struct {
		ID            string     `json:"id"`
		Action        string     `json:"action"`
		Mode          string     `json:"mode"`
		DryRun        bool       `json:"dryRun"`
		By            string     `json:"by"`
		At            time.Time  `json:"at"`
		EndedAt       *time.Time `json:"endedAt"`
		State         string     `json:"state"`
		Final         bool       `json:"final"`
		Message       string     `json:"message"`
		Users         int        `json:"users"`
		Processed     int        `json:"processed"`
		Short         []shortage `json:"short"`
		Subscriptions []string   `json:"subscriptions"`
		Totals        jobTotals  `json:"totals"`
	}
	jobTotals struct {
		Assigned  int `json:"assigned"`
		Unchanged int `json:"unchanged"`
		Removed   int `json:"removed"`
		Refused   int `json:"refused"`
	}
	conflictList struct {
		Items []conflict `json:"items"`
	}
	conflict struct {
		Subscription     string    `json:"subscription"`
		SubscriptionName string    `json:"subscriptionName"`
		SubscriptionKind string    `json:"subscriptionKind"`
		DeviceGroup      string    `json:"deviceGroup"`
		Kind             string    `json:"kind"`
		Quantity         int       `json:"quantity"`
		Assigned         int       `json:"assigned"`
		ShortBy          int       `json:"shortBy"`
		Since            time.Time `json:"since"`
		DaysLeft         int       `json:"daysLeft"`
		Overdue          bool      `json:"overdue"`
		WaysOut          []wayOut  `json:"waysOut"`
	}
	conflictUserPage struct {
		Items      []conflictUser `json:"items"`
		NextCursor string         `json:"nextCursor"`
	}
	conflictUser struct {
		User     holderName  `json:"user"`
		Services []namedItem `json:"services"`
	}
	namedItem struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	devicePage struct {
		Items      []device `json:"items"`
		NextCursor string   `json:"nextCursor"`
	}
	device struct {
		ID                     string    `json:"id"`
		DisplayName            string    `json:"displayName"`
		DeviceID               string    `json:"deviceId"`
		ObjectID               string    `json:"objectId"`
		OperatingSystem        string    `json:"operatingSystem"`
		OperatingSystemVersion string    `json:"operatingSystemVersion"`
		JoinType               string    `json:"joinType"`
		Enabled                bool      `json:"enabled"`
		LastSignInAt           time.Time `json:"lastSignInAt"`
		Eligible               bool      `json:"eligible"`
		Reasons                []coded   `json:"reasons"`
		Version                int64     `json:"version"`
	}
	deviceGroupList struct {
		Items []deviceGroup `json:"items"`
	}
	deviceGroup struct {
		ID           string   `json:"id"`
		Name         string   `json:"name"`
		Type         string   `json:"type"`
		ObjectID     string   `json:"objectId"`
		Devices      int      `json:"devices"`
		Groups       []string `json:"groups"`
		Subscription string   `json:"subscription"`
		Waiting      bool     `json:"waiting"`
		Version      int64    `json:"version"`
	}
	waitingMembers struct {
		At      time.Time `json:"at"`
		By      string    `json:"by"`
		Joining []string  `json:"joining"`
		Leaving []string  `json:"leaving"`
		Groups  []string  `json:"groups"`
	}
	memberPage struct {
		Items      []member `json:"items"`
		NextCursor string   `json:"nextCursor"`
	}
	member struct {
		Device   device    `json:"device"`
		JoinedAt time.Time `json:"joinedAt"`
		Licensed bool      `json:"licensed"`
	}
	createdDirectoryFile struct {
		File   directoryFile `json:"file"`
		Upload client.Upload `json:"upload"`
	}
	directoryFilePage struct {
		Items      []directoryFile `json:"items"`
		NextCursor string          `json:"nextCursor"`
	}
	directoryFile struct {
		ID        string     `json:"id"`
		FileName  string     `json:"fileName"`
		List      string     `json:"list"`
		By        string     `json:"by"`
		At        time.Time  `json:"at"`
		EndedAt   *time.Time `json:"endedAt"`
		State     string     `json:"state"`
		Final     bool       `json:"final"`
		Message   string     `json:"message"`
		Annotated bool       `json:"annotated"`
		Part      bool       `json:"part"`
		Rows      int        `json:"rows"`
		Created   int        `json:"created"`
		Changed   int        `json:"changed"`
		Unchanged int        `json:"unchanged"`
		Deleted   int        `json:"deleted"`
		Skipped   int        `json:"skipped"`
		Rejected  int        `json:"rejected"`
		Held      int        `json:"held"`
		Assigned  int        `json:"assigned"`
		Removed   int        `json:"removed"`
		Refused   int        `json:"refused"`
		Differ    int        `json:"differ"`
		Errors    int        `json:"errors"`
		Warnings  int        `json:"warnings"`
		Hints     int        `json:"hints"`
	}
	deviceGroupWithChange struct {
		deviceGroup
		Change *waitingMembers `json:"change"`
	}
	deviceInGroups struct {
		device
		Groups []namedItem `json:"groups"`
	}
	checkedFile struct {
		directoryFile
		Findings []finding `json:"findings"`
	}
)
