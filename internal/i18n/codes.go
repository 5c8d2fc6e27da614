package i18n

// Codes of names.
const (
	UnassignedAgreements = "unassigned_agreements" // the built-in license group
	NotAvailable         = "not_available"         // a volume agreement's product title (R2.5)
)

// Codes of the notices after a deletion (R2.10, R4.3, R8.7).
const (
	AgreementDeleted = "agreement_deleted"
	OtherDeleted     = "other_deleted" // an agreement of type other
	GroupDeleted     = "group_deleted"
)

// Codes of the ways out of a conflict (R9.4).
const (
	WayRenew         = "way_renew"
	WayBuy           = "way_buy"
	WayRemove        = "way_remove"
	WayDelete        = "way_delete"
	WayRemoveDevices = "way_remove_devices"
	WayUnassign      = "way_unassign"
)

// SuggestionsRemove says how to take back licences that are suggested.
const SuggestionsRemove = "suggestions_remove"
