package reports

import (
	"context"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/inventory"
	"trueup/internal/position"
)

// OnDevices limits installations to PCs of groups of devices.
type OnDevices struct {
	DeviceGroups []string `query:"deviceGroup" maxItems:"100" doc:"Only installations on the PCs of these groups of devices and of the groups within them: ids, separated by commas. All selected licences are compared with them, because no agreement says for which PCs its licences are. Only for a report of now." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

// check returns the violation of groups of devices in a report of a day: neither the members of groups nor the
// PCs of that day are known.
func (in OnDevices) check(date day.Date) error {
	if len(in.DeviceGroups) == 0 || date == "" {
		return nil
	}
	return errs.Violated([]errs.Violation{{Code: "device_groups_of_now", Field: httpapi.ParameterField + "deviceGroup"}})
}

// onDevices returns the data limited to PCs of groups of devices, or v if none are given. It returns a violation
// for each group that does not exist.
func (o *operations) onDevices(ctx context.Context, v viewed, in OnDevices, how Recent) (viewed, error) {
	if len(in.DeviceGroups) == 0 {
		return v, nil
	}
	limited, age, unknown, err := o.Snapshots.OfDevices(ctx, v.View, in.DeviceGroups, how.most())
	if err != nil {
		return viewed{}, err
	}
	var broken []errs.Violation
	for _, id := range unknown {
		broken = append(broken, errs.Violation{Code: "device_group_unknown", Field: httpapi.ParameterField + "deviceGroup", Value: id})
	}
	v.View, v.Age = limited, older(v.Age, ageOf(age))
	return v, errs.Violated(broken)
}

// older returns the larger of two values of ageOf.
func older(a, b string) string {
	if len(a) > len(b) || len(a) == len(b) && a > b {
		return a
	}
	return b
}

// MissedDevice is a device of a group that a report misses.
type MissedDevice struct {
	ID       string          `json:"id" doc:"The id of the device." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Name     string          `json:"displayName" doc:"The name of the device." example:"PC-0117"`
	DeviceID string          `json:"deviceId,omitempty" doc:"The id by which inventories may name it." example:"4f6a8b1c-2d3e-4f50-8a9b-0c1d2e3f4a5b"`
	OS       string          `json:"operatingSystem,omitempty" doc:"Its system; absent if unknown." example:"Windows"`
	Reason   inventory.Match `json:"reason" doc:"not-found: no list of PCs that was searched has its id or its name. It may be a phone or a Mac, or in a source of unsearched. ambiguous: several PCs of a source have its name, and no other source has it."`
}

// MissedDevices is a page of the devices that a report of groups of devices misses.
type MissedDevices struct {
	Items      []MissedDevice `json:"items" doc:"The devices, sorted by name."`
	NextCursor string         `json:"nextCursor,omitempty" doc:"The cursor of the next page; absent on the last page."`
}

type listMissedDevicesInput struct {
	httpapi.Reader
	httpapi.Paging
	DeviceGroups []string `query:"deviceGroup" required:"true" minItems:"1" maxItems:"100" doc:"The groups of devices of the report: ids, separated by commas." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Recent
}

type listMissedDevicesOutput struct {
	Aged
	Body MissedDevices
}

func (o *operations) listMissedDevices(api huma.API, op huma.Operation) {
	op.Summary = "List the devices that a report of device groups misses"
	op.Description = "Lists the devices of groups whose installations are not in the License installation report with the same deviceGroup, because no list of PCs that was searched has them, or because several PCs have their name."
	huma.Register(api, op, func(ctx context.Context, in *listMissedDevicesInput) (*listMissedDevicesOutput, error) {
		named := slices.Concat([]string{"missed devices"}, in.DeviceGroups)
		from, err := start(in.Paging, named)
		if err != nil {
			return nil, err
		}
		v, err := o.view(ctx, "", in.Recent, in.Lang(), position.Options{})
		if err != nil {
			return nil, err
		}
		if v, err = o.onDevices(ctx, v, OnDevices{in.DeviceGroups}, in.Recent); err != nil {
			return nil, err
		}
		missed, next, err := pageOf(v.Data.Searched.Missed, in.Paging, from, v.Version, named)
		out := listMissedDevicesOutput{Aged{v.Age}, MissedDevices{Items: []MissedDevice{}, NextCursor: next}}
		for _, m := range missed {
			out.Body.Items = append(out.Body.Items, MissedDevice{ID: m.Device.ID, Name: m.Device.Name, DeviceID: m.Device.DeviceID, OS: m.Device.OS, Reason: m.Match})
		}
		return &out, err
	})
}
