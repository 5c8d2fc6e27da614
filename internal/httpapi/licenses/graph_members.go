package licenses

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/device"
	"trueup/internal/errs"
)

// GraphGroupMember is a member of a group of devices: a device, or a group within it.
type GraphGroupMember struct {
	Type      string    `json:"@odata.type" enum:"#microsoft.graph.device,#microsoft.graph.group" doc:"What the member is. A group has an id and a name." example:"#microsoft.graph.device"`
	ID        string    `json:"id,omitempty" doc:"The id in the directory; trueup's id in the form of a GUID for a member without one." example:"6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"`
	Name      string    `json:"displayName,omitempty" doc:"The name." example:"PC-0042"`
	DeviceID  string    `json:"deviceId,omitempty" doc:"The id by which inventories of software name the device." example:"1f0e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"`
	OS        string    `json:"operatingSystem,omitempty" doc:"The operating system." example:"Windows"`
	OSVersion string    `json:"operatingSystemVersion,omitempty" doc:"Its version." example:"10.0.22631.4460"`
	Trust     string    `json:"trustType,omitempty" enum:"AzureAd,ServerAd,Workplace" doc:"How the device is joined: AzureAd (joined), ServerAd (hybrid joined), Workplace (registered)." example:"AzureAd"`
	Enabled   *bool     `json:"accountEnabled,omitempty" doc:"Whether the device is enabled." example:"true"`
	SeenAt    time.Time `json:"approximateLastSignInDateTime,omitzero" doc:"The last known sign-in." example:"2026-11-21T09:30:00Z"`
}

// trustTypes has the words of Graph for how a device is joined.
var trustTypes = map[device.Join]string{device.JoinDirectory: "AzureAd", device.JoinHybrid: "ServerAd", device.JoinRegistered: "Workplace"}

// graphMember is the id of a member before it is read.
type graphMember struct {
	id    string
	group bool
}

// key sorts devices before groups.
func (m graphMember) key() string {
	if m.group {
		return "group/" + m.id
	}
	return "device/" + m.id
}

type graphMembersInput struct {
	GraphRequest
	GraphPaging
	Key string `path:"id" maxLength:"64" doc:"The id of the group of devices: in the directory, or trueup's." example:"6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"`
}

type graphMembersOutput struct {
	Body GraphCollection[GraphGroupMember]
}

func (o *operations) graphListGroupMembers(api huma.API, op huma.Operation) {
	graphRead(&op, "List the members of a group of devices (Graph)", "Lists the devices of a group, and then the groups within it. Devices of these are not listed.", http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *graphMembersInput) (*graphMembersOutput, error) {
		keep, err := selection[GraphGroupMember](in.GraphRequest, nil, []string{"isCompliant", "isManaged", "manufacturer", "model", "profileType", "registrationDateTime"})
		if err != nil {
			return nil, err
		}
		g, err := o.graphGroup(ctx, in.Key)
		if err != nil {
			return nil, err
		}
		path := "groups/" + graphGUID(g.ObjectID, g.ID) + "/members"
		last, err := in.after(path)
		if err != nil {
			return nil, err
		}
		items := first[graphMember]{n: in.Top + 1, key: graphMember.key}
		add := func(m graphMember) {
			if m.key() > last {
				items.add(m)
			}
		}
		for id := range g.Devices {
			add(graphMember{id: id})
		}
		for _, id := range g.Groups {
			add(graphMember{id, true})
		}
		total := len(g.Devices) + len(g.Groups)
		items.cut()
		shown, err := o.graphMembers(ctx, items.items)
		if err != nil {
			return nil, err
		}
		page, err := graphCollection(in.GraphRequest, in.GraphPaging, keep, graphPage[graphMember, GraphGroupMember]{
			set: "directoryObjects", path: path, items: items.items, total: total, key: graphMember.key,
			convert: func(m graphMember) GraphGroupMember { return shown[m] },
		})
		if err != nil {
			return nil, err
		}
		return &graphMembersOutput{*page}, nil
	})
}

// graphGroup returns the group of devices that a client of Graph names. It returns errs.NotFound
// device_group_not_found.
func (o *operations) graphGroup(ctx context.Context, key string) (device.Group, error) {
	g, err := o.Devices.Group(ctx, ownID(key))
	if errs.CodeOf(err) != "device_group_not_found" || ownID(key) == key {
		return g, err
	}
	found, failed := o.Devices.ByDirectoryID(ctx, []device.DirectoryID{{ObjectID: strings.ToLower(key)}})
	if failed != nil {
		return g, failed
	}
	if found[0] == "" {
		return g, err
	}
	return o.Devices.Group(ctx, found[0])
}

// graphMembers reads members. One that was deleted meanwhile has only its id.
func (o *operations) graphMembers(ctx context.Context, members []graphMember) (map[graphMember]GraphGroupMember, error) {
	shown := map[graphMember]GraphGroupMember{}
	var ids []string
	nested := false
	for _, m := range members {
		if m.group {
			nested = true
			continue
		}
		ids = append(ids, m.id)
	}
	if len(ids) > 0 {
		devices, err := o.Devices.DevicesByID(ctx, ids)
		if err != nil {
			return nil, err
		}
		for i, d := range devices {
			shown[graphMember{id: ids[i]}] = graphDeviceOf(ids[i], d)
		}
	}
	if nested {
		groups, err := o.Devices.Groups(ctx)
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			if m.group {
				g := groups[m.id]
				shown[m] = GraphGroupMember{Type: "#microsoft.graph.group", ID: graphGUID(g.ObjectID, m.id), Name: g.Name}
			}
		}
	}
	return shown, nil
}

func graphDeviceOf(id string, d device.Device) GraphGroupMember {
	out := GraphGroupMember{
		Type: "#microsoft.graph.device", ID: graphGUID(d.ObjectID, id), Name: d.Name, DeviceID: d.DeviceID, OS: d.OS, OSVersion: d.OSVersion, Trust: trustTypes[d.Join],
	}
	if d.Version > 0 {
		enabled := !d.Disabled
		out.Enabled = &enabled
	}
	if !d.Seen.IsZero() {
		out.SeenAt = d.Seen.UTC()
	}
	return out
}
