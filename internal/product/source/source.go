// Package source reads the data files of the dictionary, which are written by hand, and turns them
// into the form that functions load. Only the generator and tests use it.
package source

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/goccy/go-yaml"
)

// Publisher is an entry of a data file. An entry without a name has noise of any publisher.
type Publisher struct {
	Name      string   `yaml:"publisher"`
	Spellings []string `yaml:"spellings"`
	Families  []Family `yaml:"families"`
	Noise     []Noise  `yaml:"noise"`

	file string
}

// Family is the products of one name. Its fields are the defaults of its products.
type Family struct {
	Name     string              `yaml:"family"`
	Metric   string              `yaml:"metric"`
	Versions string              `yaml:"versions"`
	Known    []string            `yaml:"known"`
	Builds   map[string]string   `yaml:"builds"`
	Contains map[string][]string `yaml:"contains"`
	Source   string              `yaml:"source"`
	Products []Entry             `yaml:"products"`
}

// Entry is a product, a free program or an undecidable title.
type Entry struct {
	ID         string              `yaml:"id"`
	Edition    string              `yaml:"edition"`
	Rank       int                 `yaml:"rank"`
	Kind       string              `yaml:"kind"`
	Metric     string              `yaml:"metric"`
	Versions   string              `yaml:"versions"`
	Known      []string            `yaml:"known"`
	Builds     map[string]string   `yaml:"builds"`
	Upgrades   map[string]string   `yaml:"upgrades"` // a version to the later one to which the upgrade is free of charge
	Contains   map[string][]string `yaml:"contains"` // a version of a suite to the versions of what it includes
	Source     string              `yaml:"source"`
	Publisher  string              `yaml:"publisher"`
	Anywhere   bool                `yaml:"anywhere"`
	From       string              `yaml:"from"` // the lowest version of the titles that it takes
	Installed  []Name              `yaml:"installed"`
	Paper      []Name              `yaml:"paper"`
	Includes   []string            `yaml:"includes"`
	Candidates []string            `yaml:"candidates"`
	Takes      []string            `yaml:"takes"`
	Leaves     []string            `yaml:"leaves"`
}

// Noise is a title that needs no licence and is no program of its own.
type Noise struct {
	ID        string   `yaml:"id"`
	Kind      string   `yaml:"kind"`
	Of        string   `yaml:"of"`    // the product of which a component is a part, if there is one
	Broad     bool     `yaml:"broad"` // a rule of a publisher that matches much: more literal noise of any publisher decides
	Publisher string   `yaml:"publisher"`
	Name      string   `yaml:"name"`
	Takes     []string `yaml:"takes"`
	Leaves    []string `yaml:"leaves"`
}

// Name is a pattern or a name on paper, with the version that it stands for. A text alone has none.
type Name struct {
	Name    string `yaml:"name"`
	Version string `yaml:"version"`
	From    string `yaml:"from"` // of a pattern: the lowest version of the titles that it takes, if it is not the entry's
}

// UnmarshalYAML reads a text, or a mapping with the fields.
func (n *Name) UnmarshalYAML(decode func(any) error) error {
	if decode(&n.Name) == nil {
		return nil
	}
	type fields Name
	return decode((*fields)(n))
}

// Read reads the data files of a folder. An unknown key is an error.
func Read(files fs.FS) (all []Publisher, err error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		var entries []Publisher
		if err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(&entries); err != nil {
			return nil, fmt.Errorf("%s: %w", path.Base(name), err)
		}
		for i := range entries {
			entries[i].file = name
		}
		all = append(all, entries...)
	}
	return all, nil
}
