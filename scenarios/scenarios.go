// Package scenarios names the functions under test and the variants in which
// they get their secrets. The functions themselves are in its sub-packages:
// hello, storage and network are the handlers, secrets/… the variants,
// functions/… the main packages that join one of each, and build turns those
// into binaries.
package scenarios

// Names of the environment variables through which a function is configured.
const (
	// EncryptionKeys names the variables to protect, as in the paper's section
	// "Function-level token management policy". Only variants that protect
	// something get it.
	EncryptionKeys = "ENCRYPTION_KEYS"

	APIKey         = "API_KEY"          // secret of hello
	StoreSecretKey = "STORE_SECRET_KEY" // secret of storage and network
	TargetKey      = "TARGET_KEY"       // secret of network

	StoreEndpoint  = "STORE_ENDPOINT"
	StoreRegion    = "STORE_REGION"
	StoreBucket    = "STORE_BUCKET"
	StoreAccessKey = "STORE_ACCESS_ID" // a public id; named so that nothing takes it for a secret
	StoreObject    = "STORE_OBJECT"    // key of the object that is written
	ObjectSize     = "OBJECT_SIZE"     // bytes
	TargetURL      = "TARGET_URL"
)

// Settings of the literal variant: the readings of the paper that an attack can
// choose from. Each may be left out.
const (
	LiteralRule       = "LITERAL_RULE"        // an encryption rule; default Eq. (1)
	LiteralStatic     = "LITERAL_STATIC"      // JSON object: custom static parameters of the rule
	LiteralSeparator  = "LITERAL_SEPARATOR"   // stands between the fields; default none
	LiteralInsert     = "LITERAL_INSERT"      // when a nonce enters the list: check (default) or grant
	LiteralWindow     = "LITERAL_WINDOW"      // such as 10s, the default
	LiteralInstanceID = "LITERAL_INSTANCE_ID" // default: the platform's
)

// BrokerBudget is the setting of the broker variant that says how often one
// request may open each declared key; default 1, as every handler does.
const BrokerBudget = "BROKER_BUDGET"

// Scenario is a function under test.
type Scenario struct {
	Name  string
	Title string // as tables and charts show it
	// Secrets are the variables that hold protected values; a handler uses each
	// exactly once per invocation.
	Secrets []string
	Store   bool // writes to the object store
	Target  bool // calls the network target
}

// All returns the scenarios in the order of the paper's tables.
func All() []Scenario {
	return []Scenario{
		{Name: "hello", Title: "Hello world", Secrets: []string{APIKey}},
		{Name: "storage", Title: "Object storage write", Secrets: []string{StoreSecretKey}, Store: true},
		{Name: "network", Title: "Network request and object storage write", Secrets: []string{TargetKey, StoreSecretKey}, Store: true, Target: true},
	}
}

// Variant is a way in which a function gets its secrets.
type Variant struct {
	Name     string
	Default  bool // measured when nobody names variants
	Protects bool // wants EncryptionKeys in its environment
	// Erases says that between two accesses no plaintext of a protected value is
	// in the memory of its processes, nor in their environments.
	Erases    bool
	Processes int // that one instance consists of
}

// Baseline is the variant that overheads are taken against.
const Baseline = "benchmark"

// Variants returns the variants, the baseline first.
func Variants() []Variant {
	return []Variant{
		{Name: Baseline, Default: true, Processes: 1},
		{Name: "optimized", Default: true, Protects: true, Erases: true, Processes: 1},
		{Name: "literal", Protects: true, Processes: 1},
		{Name: "broker", Protects: true, Erases: true, Processes: 2},
	}
}

// DefaultVariants returns those of the paper's comparison: what is measured when
// nobody names variants.
func DefaultVariants() []Variant {
	var some []Variant
	for _, v := range Variants() {
		if v.Default {
			some = append(some, v)
		}
	}
	return some
}
