package archtest

import (
	"fmt"
	"slices"
	"strings"
)

// layer is a set of folders and what they may import from this module. They may import each
// other only if the layer lists itself. Test files may import anything.
type layer struct {
	name    string
	folders []string // with their subfolders, unless a longer entry matches
	imports []string // names of layers, or folders
}

// domainOrder is the order of the packages of the domain. Each may import earlier ones only.
var domainOrder = []string{
	"internal/agreement", "internal/agreement/pairfile", "internal/group", "internal/entitlement", "internal/entitlement/statement",
	"internal/product", "internal/product/builtin", "internal/position", "internal/inventory", "internal/proposal", "internal/subscription", "internal/device", "internal/report", "internal/reminder", "internal/directory/columns", "internal/directory",
	"internal/misfiled", "internal/view",
}

// domainIsOrdered checks domainOrder.
func domainIsOrdered(tree *Tree) (violations []string) {
	for _, f := range tree.Files {
		own := slices.Index(domainOrder, f.Dir)
		if f.Test || own < 0 {
			continue
		}
		for _, imported := range f.Imports() {
			dir := strings.TrimPrefix(imported, module+"/")
			if slices.Index(domainOrder, dir) > own {
				violations = append(violations, fmt.Sprintf("%s: the domain's order is %s before %s", f.Path, f.Dir, dir))
			}
		}
	}
	return violations
}

// layers implements DESIGN's picture of the architecture: dependencies point inwards, from HTTP
// and events to the domain.
var layers = []layer{
	{
		name: "foundation", // error kinds, messages, ids, files: any layer may use it
		folders: []string{
			"internal/access", "internal/audit", "internal/cursor", "internal/day", "internal/errs", "internal/i18n", "internal/id", "internal/intake",
			"internal/notice", "internal/objects", "internal/once", "internal/pack", "internal/retry", "internal/sheet", "internal/text",
		},
		imports: []string{"foundation"},
	},
	{
		name:    "settings",
		folders: []string{"internal/config"},
		imports: []string{"internal/access"}, // which groups stand for which roles
	},
	{
		name:    "domain", // independent of any technology and mechanism; see domainOrder
		folders: domainOrder,
		imports: []string{"foundation", "domain"},
	},
	{
		name:    "mechanisms", // they do not know what they are used for
		folders: []string{"internal/journal", "internal/lease", "internal/retention", "internal/slots"},
		imports: []string{"foundation"},
	},
	{
		name:    "read models", // kept current by journals
		folders: []string{"internal/catalog", "internal/people", "internal/register"},
		imports: []string{"foundation", "domain", "mechanisms"},
	},
	{
		name:    "generators", // they write Go files and are not linked into any program
		folders: []string{"internal/console/generate", "internal/i18n/generate"},
		imports: []string{"foundation", "domain", "mechanisms", "read models"},
	},
	{
		name:    "tables", // plain data that infra, the local stack and the functions share
		folders: []string{"internal/docs", "internal/manifest", "internal/httpapi/route", "internal/aws/dynamo/schema"},
		imports: []string{"settings", "internal/access", "internal/intake/kind"},
	},
	{
		name:    "use cases",
		folders: []string{"internal/catalog/feeder", "internal/delivery", "internal/directories", "internal/importer", "internal/inventories", "internal/jobs", "internal/licensing", "internal/notifier", "internal/refresher", "internal/snapshot", "internal/statements"},
		imports: []string{"foundation", "domain", "mechanisms", "read models", "internal/refresher", "internal/licensing"},
	},
	{
		name:    "sessions", // of the console: who uses it
		folders: []string{"internal/console/session"},
		imports: []string{"foundation"},
	},
	{
		name:    "entry points", // pages and AWS events
		folders: []string{"internal/console", "internal/aws/trigger"},
		imports: []string{"foundation", "domain", "mechanisms", "read models", "use cases", "tables", "sessions", "internal/console/client"},
	},
	{
		name:    "HTTP kernel", // shared by the functions that serve HTTP
		folders: []string{"internal/httpapi"},
		imports: []string{"foundation", "domain", "mechanisms", "read models", "tables"},
	},
	{
		name:    "HTTP functions", // none imports another
		folders: []string{"internal/httpapi/agreements", "internal/httpapi/catalog", "internal/httpapi/groups", "internal/httpapi/licenses", "internal/httpapi/reminders", "internal/httpapi/reports", "internal/httpapi/views"},
		imports: []string{"foundation", "domain", "mechanisms", "read models", "use cases", "tables", "HTTP kernel"},
	},
	{
		name:    "API document", // imported by tests only, because it imports every function
		folders: []string{"internal/httpapi/openapi"},
		imports: []string{"HTTP kernel", "HTTP functions"},
	},
	{
		name:    "adapters", // they implement the interfaces of domain and use cases
		folders: []string{"internal/aws/dynamo", "internal/aws/invoke", "internal/aws/s3bucket", "internal/aws/secrets", "internal/aws/topic", "internal/aws/userpool", "internal/vlsc"},
		imports: []string{"foundation", "domain", "mechanisms", "read models", "use cases", "internal/aws/dynamo/schema"},
	},
	{
		name:    "table of sessions", // apart from the other adapter, whose domain the console does not need
		folders: []string{"internal/aws/dynamo/sessions"},
		imports: []string{"foundation", "sessions", "internal/aws/dynamo/schema"},
	},
	{
		name:    "root", // it assembles all parts
		folders: []string{"internal/app"},
		imports: []string{"foundation", "settings", "domain", "mechanisms", "read models", "tables", "use cases", "entry points", "HTTP kernel", "HTTP functions", "adapters", "sessions", "table of sessions", "root"},
	},
	{
		name:    "functions",
		folders: []string{"functions"},
		imports: []string{"root", "internal/aws/secrets", "internal/aws/topic", "internal/aws/userpool"}, // of few functions only
	},
	{
		name:    "deployment", // the deployed infrastructure; roles are the user pool's groups
		folders: []string{"infra"},
		imports: []string{"tables", "settings", "internal/access"},
	},
	{
		name:    "stand-ins", // for AWS services; independent of trueup
		folders: []string{"infra/local/aws"},
		imports: []string{"stand-ins"},
	},
	{
		// The local stack runs the functions' binaries, so it shares no code with them, only the
		// data that describe their deployment.
		name:    "local stack",
		folders: []string{"infra/local"},
		imports: []string{"stand-ins", "local stack", "past of the demo", "tables", "settings", "internal/access"},
	},
	{
		// It writes snapshots as the nightly refresh does.
		name:    "past of the demo",
		folders: []string{"infra/local/demo/year"},
		imports: []string{"foundation", "settings", "domain", "mechanisms", "read models", "use cases", "adapters"},
	},
	{
		name:    "test support", // imported by tests, and by each other
		folders: []string{"internal/testkit/archtest", "internal/testkit/bench", "internal/testkit/golden", "internal/refresher/conformance", "internal/console/session/conformance", "internal/testkit/storetest"},
		imports: []string{
			"foundation", "settings", "domain", "mechanisms", "read models", "tables", "use cases", "entry points", "HTTP kernel", "HTTP functions", "adapters", "sessions", "table of sessions", "root", "stand-ins", "local stack", "test support",
		},
	},
}

// layerOf returns the layer of a folder: the one with the longest matching entry.
func layerOf(dir string) (layer, bool) {
	var best layer
	length := 0
	for _, l := range layers {
		for _, folder := range l.folders {
			if under(dir, folder) && len(folder) > length {
				best, length = l, len(folder)
			}
		}
	}
	return best, length > 0
}

// allows reports whether the layer may import a folder of this module.
func (l layer) allows(dir string) bool {
	imported, known := layerOf(dir)
	return known && slices.ContainsFunc(l.imports, func(entry string) bool {
		return entry == imported.name || entry == dir
	})
}

func directions(tree *Tree) (violations []string) {
	for _, l := range layers {
		for _, entry := range l.imports {
			named := slices.ContainsFunc(layers, func(l layer) bool { return l.name == entry })
			if _, folder := layerOf(entry); !named && !folder {
				violations = append(violations, fmt.Sprintf("internal/testkit/archtest/layers.go: %s may import %q, which is neither a layer nor a folder", l.name, entry))
			}
		}
	}
	for _, f := range tree.Files {
		if f.Test || f.Dir == "." {
			continue
		}
		l, known := layerOf(f.Dir)
		if !known {
			violations = append(violations, fmt.Sprintf("%s: the folder has no layer; give it one in internal/testkit/archtest/layers.go", f.Path))
			continue
		}
		for _, imported := range f.Imports() {
			dir, inside := strings.CutPrefix(imported, module+"/")
			if inside && !l.allows(dir) {
				violations = append(violations, fmt.Sprintf("%s: %s may not import %s", f.Path, l.name, dir))
			}
		}
	}
	return violations
}
