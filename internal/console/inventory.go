package console

import (
	"net/http"
	"path"
	"time"
)

// shapes are the names of the systems and formats that inventories come from. They are the same in each language.
var shapes = map[string]string{
	"intune-raw": "Intune AppInvRawData", "intune-aggregate": "Intune AppInvAggregate", "graph": "Microsoft Graph", "configmgr": "Configuration Manager", "glpi": "GLPI", "osquery": "osquery",
	"fleet": "Fleet", "ocs": "OCS Inventory", "lansweeper": "Lansweeper", "powershell": "PowerShell", "wmic": "wmic", "winget": "winget", "defender": "Microsoft Defender",
}

// shape returns the name of the format of a file.
func (v *visit) shape(shape string) string {
	if name, ok := shapes[shape]; ok {
		return name
	}
	return v.T("console_shape_table")
}

// daysOld returns how many days ago a moment was.
func (v *visit) daysOld(at time.Time) int { return max(0, int(v.site.Now().Sub(at).Hours()/24)) }

// oldInventory is the number of days from which an inventory is marked as old.
const oldInventory = 30

// fileName returns the name in the key of a file.
func (f inventoryFile) fileName() string { return path.Base(f.File) }

func showInventory(v *visit) error {
	m, err := send(v, api.getInventory, v.call())
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, inventoryTemplate(v, m))
}

// sourcePage is what the page of a source shows.
type sourcePage struct {
	inventorySourceRead
	Titles inventoryTitlePage
}

func showSource(v *visit) error {
	var m sourcePage
	var err error
	if m.inventorySourceRead, err = send(v, api.getInventorySource, v.call(), v.r.PathValue("source")); err != nil {
		return err
	}
	if m.Counted != nil {
		c := v.call()
		c.Query = v.only("kind", "q", "product", "cursor")
		c.Query.Set("source", m.Source)
		if m.Titles, err = send(v, api.listInventoryTitles, c); err != nil {
			return err
		}
	}
	v.know(m.Last.By)
	return v.render(http.StatusOK, sourceTemplate(v, m))
}

// titleFilters are the filters of the list of titles, as the API names them.
var titleFilters = []string{"q", "kind", "source", "product"}

// titlesPage is what the list of titles shows.
type titlesPage struct {
	inventoryTitlePage
	Sources []inventorySource
}

func listTitles(v *visit) error {
	var m titlesPage
	var stock inventory
	all := v.calls()
	fetch(all, api.getInventory, nil, &stock)
	fetch(all, api.listInventoryTitles, v.only(append(titleFilters, "cursor")...), &m.inventoryTitlePage)
	if err := all.Wait(); err != nil {
		return err
	}
	m.Sources = stock.Sources
	return v.render(http.StatusOK, titlesTemplate(v, m))
}

// sourceOptions returns sources as values of a filter.
func sourceOptions(sources []inventorySource) (list []option) {
	for _, s := range sources {
		list = append(list, option{Value: s.Source, Label: s.Source})
	}
	return list
}
