// Renders a chart as Helm does, with the libraries that Helm renders with: text/template, sprig, sigs.k8s.io/yaml,
// gojsonschema. Reads a request from standard input and answers on standard output, both JSON. Helm itself is in no
// release of Debian.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"github.com/xeipuuv/gojsonschema"
	"sigs.k8s.io/yaml"
)

type request struct {
	Chart     string `json:"chart"`
	Release   string `json:"release"`
	Namespace string `json:"namespace"`
	// YAML, as in a file for `--values`.
	Values string `json:"values"`
	// Numbers of values.yaml as json.Number, which newer versions of Helm make of them, instead of float64.
	ExactNumbers bool `json:"exactNumbers"`
}

type answer struct {
	// Rendered templates by their path below the chart.
	Files map[string]string `json:"files,omitempty"`
	// Why Helm would refuse.
	Error string `json:"error,omitempty"`
}

func main() {
	var asked request
	out := answer{}
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		out.Error = err.Error()
	} else if files, err := render(asked); err != nil {
		out.Error = err.Error()
	} else {
		out.Files = files
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		panic(err)
	}
}

func readYAML(data []byte, exact bool) (map[string]interface{}, error) {
	values := map[string]interface{}{}
	var options []yaml.JSONOpt
	if exact {
		options = append(options, func(d *json.Decoder) *json.Decoder { d.UseNumber(); return d })
	}
	err := yaml.Unmarshal(data, &values, options...)
	return values, err
}

// merge puts defaults where there is no value; null removes a default.
func merge(values, defaults map[string]interface{}) map[string]interface{} {
	for key, byDefault := range defaults {
		value, given := values[key]
		if !given {
			values[key] = byDefault
			continue
		}
		if value == nil {
			delete(values, key)
			continue
		}
		table, isTable := value.(map[string]interface{})
		defaultTable, defaultIsTable := byDefault.(map[string]interface{})
		if isTable && defaultIsTable {
			merge(table, defaultTable)
		}
	}
	return values
}

func validate(values map[string]interface{}, schema []byte) error {
	data, err := json.Marshal(values)
	if err != nil {
		return err
	}
	result, err := gojsonschema.Validate(gojsonschema.NewBytesLoader(schema), gojsonschema.NewBytesLoader(data))
	if err != nil {
		return err
	}
	lines := []string{}
	for _, each := range result.Errors() {
		lines = append(lines, each.String())
	}
	if len(lines) > 0 {
		return fmt.Errorf("values do not fit the schema: %s", strings.Join(lines, "; "))
	}
	return nil
}

type files string

// Get is a file of the chart that is no template, as a text; empty when it is not there.
func (f files) Get(name string) string {
	data, err := os.ReadFile(filepath.Join(string(f), name))
	if err != nil {
		return ""
	}
	return string(data)
}

func render(asked request) (map[string]string, error) {
	read := func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(asked.Chart, name)) }
	description, err := read("Chart.yaml")
	if err != nil {
		return nil, err
	}
	meta, err := readYAML(description, false)
	if err != nil {
		return nil, err
	}
	defaultsText, err := read("values.yaml")
	if err != nil {
		return nil, err
	}
	defaults, err := readYAML(defaultsText, asked.ExactNumbers)
	if err != nil {
		return nil, fmt.Errorf("values.yaml: %w", err)
	}
	given, err := readYAML([]byte(asked.Values), asked.ExactNumbers)
	if err != nil {
		return nil, fmt.Errorf("values: %w", err)
	}
	values := merge(given, defaults)
	schema, err := read("values.schema.json")
	if err != nil {
		return nil, err
	}
	if err := validate(values, schema); err != nil {
		return nil, err
	}
	top := map[string]interface{}{
		"Values": values,
		"Chart": map[string]interface{}{
			"Name": meta["name"], "Version": meta["version"], "AppVersion": meta["appVersion"],
		},
		"Release": map[string]interface{}{
			"Name": asked.Release, "Namespace": asked.Namespace, "Service": "Helm",
			"IsInstall": true, "IsUpgrade": false, "Revision": 1,
		},
		"Capabilities": map[string]interface{}{
			"KubeVersion": map[string]interface{}{"Version": "v1.27.0", "Major": "1", "Minor": "27"},
		},
		"Files": files(asked.Chart),
	}
	return execute(filepath.Join(asked.Chart, "templates"), top)
}

func execute(directory string, top map[string]interface{}) (map[string]string, error) {
	all := template.New("chart").Option("missingkey=zero")
	all.Funcs(functions(all))
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(directory, entry.Name()))
		if err != nil {
			return nil, err
		}
		if _, err := all.New(entry.Name()).Parse(string(text)); err != nil {
			return nil, err
		}
	}
	rendered := map[string]string{}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "_") {
			continue
		}
		top["Template"] = map[string]interface{}{"Name": entry.Name(), "BasePath": "templates"}
		text := bytes.Buffer{}
		if err := all.ExecuteTemplate(&text, entry.Name(), top); err != nil {
			return nil, err
		}
		rendered[entry.Name()] = strings.ReplaceAll(text.String(), "<no value>", "")
	}
	return rendered, nil
}

// functions are sprig's without those that read the environment, and Helm's own.
func functions(all *template.Template) template.FuncMap {
	known := sprig.TxtFuncMap()
	delete(known, "env")
	delete(known, "expandenv")
	known["toYaml"] = func(value interface{}) string {
		data, err := yaml.Marshal(value)
		if err != nil {
			return ""
		}
		return strings.TrimSuffix(string(data), "\n")
	}
	known["fromYaml"] = func(text string) map[string]interface{} {
		value := map[string]interface{}{}
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			value["Error"] = err.Error()
		}
		return value
	}
	known["fromYamlArray"] = func(text string) []interface{} {
		value := []interface{}{}
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			value = []interface{}{err.Error()}
		}
		return value
	}
	known["toJson"] = func(value interface{}) string {
		data, err := json.Marshal(value)
		if err != nil {
			return ""
		}
		return string(data)
	}
	known["include"] = func(name string, data interface{}) (string, error) {
		text := bytes.Buffer{}
		err := all.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	known["required"] = func(message string, value interface{}) (interface{}, error) {
		if value == nil || value == "" {
			return value, fmt.Errorf("%s", message)
		}
		return value, nil
	}
	// Without a cluster it finds nothing, as in `helm template`.
	known["lookup"] = func(_, _, _, _ string) map[string]interface{} { return map[string]interface{}{} }
	return known
}

