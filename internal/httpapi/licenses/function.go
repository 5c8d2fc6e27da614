// Package licenses serves subscriptions, users, their licences and conflicts over HTTP.
package licenses

import (
	"context"
	"net/http"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/device"
	"trueup/internal/directories"
	"trueup/internal/directory"
	"trueup/internal/httpapi"
	"trueup/internal/jobs"
	"trueup/internal/licensing"
	"trueup/internal/objects"
	"trueup/internal/subscription"
)

// Name is the name of the function in the manifest.
const Name = "licenses"

// Deps is the dependencies of the operations; none is optional.
type Deps struct {
	httpapi.Kernel

	Agreements    agreement.Store // checks the agreement that a subscription names
	Subscriptions subscription.Store
	People        subscription.People
	Register      subscription.Register
	Files         directories.Store
	Devices       device.Store
	Jobs          jobs.Store
	StartJobs     func(context.Context) error // makes a function work on the jobs that wait
	Uploads       objects.Bucket
	Uploader      func() string  // returns the principal of files that are uploaded with addresses of this function
	Exports       objects.Bucket // of reports: where files that are too large for a response, findings about files, and inputs and results of jobs are stored
	Zone          *time.Location // of the organisation, which decides what day it is today
}

type operations struct {
	Deps

	licensing *licensing.Licensing
}

// enums are the enumerated types that only this function uses.
var enums = []httpapi.Enum{
	httpapi.EnumOf(directories.States), httpapi.EnumOf(directory.Kinds), httpapi.EnumOf(subscription.UserTypes),
	httpapi.EnumOf(subscription.Outcomes), httpapi.EnumOf(subscription.Errors), httpapi.EnumOf(modes), httpapi.EnumOf(acknowledgements), httpapi.EnumOf(conflictAcknowledgements), httpapi.EnumOf(readOnlyAcknowledgements), httpapi.EnumOf(subscription.Ways), httpapi.EnumOf(listKinds), httpapi.EnumOf(licensesValues), httpapi.EnumOf(missingValues), httpapi.EnumOf(fileAcknowledgements), httpapi.EnumOf(subscription.Sorts), httpapi.EnumOf(switches), httpapi.EnumOf(onlys),
	httpapi.EnumOf(jobs.States), httpapi.EnumOf(jobs.Actions),
	httpapi.EnumOf(device.Joins), httpapi.EnumOf(device.Reasons), httpapi.EnumOf(device.GroupTypes),
}

// New returns the function's handler.
func New(d Deps) http.Handler {
	httpapi.Require(d)
	f := (&operations{Deps: d, licensing: &licensing.Licensing{Subscriptions: d.Subscriptions, People: d.People, Register: d.Register, Log: d.Log}}).function()
	f.Log = d.Log
	return httpapi.New(f)
}

// Function returns the function for the OpenAPI document. Its operations cannot be called.
func Function() httpapi.Function { return new(operations).function() }

func (o *operations) function() httpapi.Function {
	return httpapi.Function{Name: Name, Enums: enums, Describe: describe, MaxValues: maxValues, Facade: o.facade(), Operations: httpapi.Join(
		o.subscriptionOperations(), o.subscriptionEdits(), o.seatOperations(), o.userOperations(), o.userEdits(), o.assignmentOperations(), o.conflictOperations(), o.exportOperations(), o.directoryFileOperations(),
		o.deviceOperations(), o.deviceGroupOperations(), o.graphOperations(), o.jobOperations(), o.suggestionOperations(), o.waitingOperations(),
	)}
}

// maxValues has the number of values in the largest bodies: lists of users and devices, licences with services, and
// services with countries.
var maxValues = map[string]int{
	"assignLicenses": 10_000, "removeLicenses": 1100, "deleteUsers": 1100, "createUser": 9000, "createSubscription": 56_000, "updateSubscription": 56_000,
	"createLicenseJob": 110_000, "addDeviceGroupMembers": 1200, "removeDeviceGroupMembers": 1200, "graphAssignLicense": 9000,
}

// today returns the moment and the zone for which seats are judged.
func (o *operations) today(now time.Time) subscription.Today {
	return subscription.Today{Now: now, Zone: o.Zone}
}

// date returns the organisation's day at a moment.
func (o *operations) date(now time.Time) day.Date { return day.In(now, o.Zone) }
