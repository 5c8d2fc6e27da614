package directory

import "trueup/internal/agreement"

// CheckFile reports the rules of a file: Read.
const CheckFile agreement.Check = "directory"

// Rules are the rules of a file. Its rows also have those of the drafts of package subscription.
var Rules = []agreement.Rule{
	{
		Code: "directory_unknown", Spec: "R9.2", Check: CheckFile, Field: "file",
		Summary: "A file lists users, devices, groups, members of a group or subscriptions, and its columns have known names.",
		Pass:    "User principal name,Display name", Fail: "Colour,Size",
	},
	{
		Code: "directory_users", Spec: "R9.2", Check: CheckFile, Field: "file",
		Summary: "A list of users or of their activity belongs under users/.",
		Pass:    "a list of users under users/", Fail: "a list of users under devices/",
	},
	{
		Code: "directory_devices", Spec: "R10.3", Check: CheckFile, Field: "file",
		Summary: "A list of devices or of groups belongs under devices/.",
		Pass:    "a list of devices under devices/", Fail: "a list of devices under users/",
	},
	{
		Code: "directory_members", Spec: "R10.3", Check: CheckFile, Field: "file",
		Summary: "A list of the members of a group belongs under devices/groups/, in a folder with the name of the group.",
		Pass:    "members under devices/groups/Kiosks/", Fail: "members under users/",
	},
	{
		Code: "directory_subscriptions", Spec: "R9.2", Check: CheckFile, Field: "file",
		Summary: "A list of subscriptions belongs under subscriptions/.",
		Pass:    "a list of subscriptions under subscriptions/", Fail: "a list of subscriptions under users/",
	},
	{
		Code: "directory_column_missing", Spec: "R9.2", Check: CheckFile, Field: "header", Args: []string{"column"},
		Summary: "A list of users has a column with the user principal name.",
		Pass:    "User principal name,Display name,Department,Usage location", Fail: "Display name,Department,Usage location",
	},
	{
		Code: "directory_mixed", Spec: "R9.2", Check: CheckFile, Field: "file",
		Summary: "A file has one list: users and devices are in different files.",
		Pass:    "two pages of users", Fail: "a page of users and a page of devices",
	},
	{
		Code: "directory_empty", Spec: "R9.2", Check: CheckFile, Field: "file",
		Summary: "A file has at least one row. An empty list would look as if all had gone.",
		Pass:    "a header and a user", Fail: "a header alone",
	},
	{
		Code: "directory_too_many_rows", Spec: "R9.2", Check: CheckFile, Field: "file", Args: []string{"max"},
		Summary: "A file has at most 100,000 users, devices, groups or members, and at most 500 subscriptions.",
		Pass:    "100,000 users", Fail: "100,001 users",
	},
	{
		Code: "directory_too_large", Spec: "R9.2", Check: CheckFile, Field: "file", Args: []string{"max"},
		Summary: "A file has at most 512 MiB.",
		Pass:    "512 MiB", Fail: "512 MiB and a byte",
	},
	{
		Code: "directory_type_names", Spec: "R9.2", Check: CheckFile, Field: "licenses",
		Summary: "Lists in a cell have their values, and not the names of types that Export-Csv writes.",
		Pass:    "Microsoft 365 E3+Visio Plan 2", Fail: "Microsoft.Graph.PowerShell.Models.MicrosoftGraphAssignedLicense[]",
	},
	{
		Code: "directory_concealed", Spec: "R9.7", Check: CheckFile, Field: "userPrincipalName",
		Summary: "A usage report has the names of users. An organisation can conceal them in its reports.",
		Pass:    "an@example.org", Fail: "3F2504E04F8941D39A0C0305E82C3301",
	},
	{
		Code: "directory_json", Spec: "R9.2", Check: CheckFile, Field: "file",
		Summary: "A file of JSON is whole and can be read.",
		Pass:    `[{"userPrincipalName":"an@example.org"}]`, Fail: `[{"userPrincipalName":"an@example.org"}`,
	},
	{
		Code: "directory_answer", Spec: "R9.2", Check: CheckFile, Field: "file",
		Summary: "A file has a list, and not the error that Microsoft Graph answered.",
		Pass:    `{"value":[{"userPrincipalName":"an@example.org"}]}`, Fail: `{"error":{"code":"Authorization_RequestDenied"}}`,
	},
	{
		Code: "directory_xls", Spec: "R9.2", Check: CheckFile, Field: "file",
		Summary: "A workbook is an XLSX file, and not an older or another format.",
		Pass:    "an XLSX workbook", Fail: "an XLS workbook",
	},
	{
		Code: "directory_workbook_damaged", Spec: "R9.2", Check: CheckFile, Field: "file",
		Summary: "A workbook can be read.",
		Pass:    "an XLSX workbook", Fail: "half of an XLSX workbook",
	},
	{
		Code: "directory_workbook_too_large", Spec: "R9.2", Check: CheckFile, Field: "file",
		Summary: "A workbook has at most 16 MiB, and 64 MiB in its largest sheet when it is unpacked. A CSV file may be larger.",
		Pass:    "16 MiB", Fail: "16 MiB and a byte",
	},
	{
		Code: "directory_zip", Spec: "R9.2", Check: CheckFile, Field: "file",
		Summary: "The file is a ZIP archive. Unpack it and upload the files in it one by one.",
		Pass:    "a CSV file", Fail: "a ZIP archive",
	},
	{
		Code: "directory_gzip", Spec: "R9.2", Check: CheckFile, Field: "file",
		Summary: "The file is compressed (gzip). Unpack it.",
		Pass:    "a CSV file", Fail: "a gzip file",
	},
	{
		Code: "directory_page", Spec: "R9.2", Check: CheckFile, Field: "file",
		Summary: "The file is a document (a web page, PDF or Word) and not a table.",
		Pass:    "a CSV file", Fail: "%PDF-1.7",
	},
	{
		Code: "directory_part", Spec: "R9.2", Warning: true, Check: CheckFile, Field: "file",
		Summary: "A list of Microsoft Graph has all its pages. Of a part, nobody is taken for missing.",
		Pass:    `{"value":[{"userPrincipalName":"an@example.org"}]}`, Fail: `{"@odata.nextLink":"https://graph.example.org/next","value":[{"userPrincipalName":"an@example.org"}]}`,
	},
	{
		Code: "directory_dates_open", Spec: "R9.2", Warning: true, Check: CheckFile, Field: "row", Args: []string{"date"},
		Summary: "Dates say which number is the month: one that begins with the year, or some with a day after the 12th.",
		Pass:    "2026-11-12", Fail: "11/12/2026 alone",
	},
	{
		Code: "directory_row_columns", Spec: "R9.2", Check: CheckFile, Field: "row",
		Summary: "A row has no more cells than the header.",
		Pass:    "an@example.org,An", Fail: "an@example.org,An,Brussels",
	},
	{
		Code: "directory_row_quote", Spec: "R9.2", Check: CheckFile, Field: "row",
		Summary: "A quoted cell ends with a quote.",
		Pass:    `an@example.org,"An"`, Fail: `an@example.org,"An`,
	},
	{
		Code: "directory_row_long", Spec: "R9.2", Check: CheckFile, Field: "row",
		Summary: "A row has at most 65,535 bytes.",
		Pass:    "an@example.org,An", Fail: "a cell of 70,000 letters",
	},
	{
		Code: "directory_row_object", Spec: "R9.2", Check: CheckFile, Field: "row",
		Summary: "An element of a list is an object.",
		Pass:    `[{"userPrincipalName":"an@example.org"}]`, Fail: `["an@example.org"]`,
	},
	{
		Code: "directory_user_repeated", Spec: "R9.2", Check: CheckFile, Field: "userPrincipalName", Args: []string{"line"},
		Summary: "A user occurs once in a file: no two rows have the same user principal name or object id. A deleted user may have the name of another.",
		Pass:    "an@example.org and bo@example.org", Fail: "an@example.org and AN@example.org",
	},
	{
		Code: "directory_device_repeated", Spec: "R10.3", Check: CheckFile, Field: "displayName", Args: []string{"line"},
		Summary: "A device occurs once in a file: no two rows have the same device id or object id. Names may be equal.",
		Pass:    "two devices called PC1", Fail: "two rows with one device id",
	},
	{
		Code: "directory_group_repeated", Spec: "R10.3", Check: CheckFile, Field: "objectId", Args: []string{"line"},
		Summary: "A group occurs once in a file.",
		Pass:    "two groups", Fail: "one group twice",
	},
	{
		Code: "directory_member_repeated", Spec: "R10.3", Check: CheckFile, Field: "objectId", Args: []string{"line"},
		Summary: "A member occurs once in a group.",
		Pass:    "two members", Fail: "one member twice",
	},
	{
		Code: "directory_subscription_repeated", Spec: "R9.2", Check: CheckFile, Field: "name", Args: []string{"line"},
		Summary: "A subscription occurs once in a file: no two rows have the same SKU or name.",
		Pass:    "Microsoft 365 E3 and Visio Plan 2", Fail: "Microsoft 365 E3 twice",
	},
	{
		Code: "directory_boolean", Spec: "R9.2", Check: CheckFile, Field: "enabled",
		Summary: "A column of yes and no has TRUE or FALSE, Yes or No, or these words in Dutch, French, German, Spanish or Portuguese.",
		Pass:    "Waar", Fail: "perhaps",
	},
	{
		Code: "directory_date", Spec: "R9.7", Warning: true, Check: CheckFile, Field: "lastSignIn",
		Summary: "A moment is a date that exists and is not in the future, such as 2026-11-21. One that is not counts as unknown.",
		Pass:    "2026-11-21T09:30:00Z", Fail: "last week",
	},
	{
		Code: "directory_number", Spec: "R9.1", Check: CheckFile, Field: "quantity",
		Summary: "A subscription has a quantity, and numbers of licences are whole numbers.",
		Pass:    "1,250", Fail: "many",
	},
	{
		Code: "directory_join", Spec: "R10.1", Warning: true, Check: CheckFile, Field: "join",
		Summary: "The way in which a device is joined is a known one: joined, hybrid joined or registered.",
		Pass:    "Microsoft Entra hybrid joined", Fail: "carrier pigeon",
	},
	{
		Code: "directory_company", Spec: "R9.1", Warning: true, Check: CheckFile, Field: "kind",
		Summary: "A subscription is for users or devices. One for the whole organisation is left out.",
		Pass:    "User", Fail: "Company",
	},
	{
		Code: "directory_member_type", Spec: "R10.3", Warning: true, Check: CheckFile, Field: "type",
		Summary: "A member of a group is a user, a device or a group. Others are left out.",
		Pass:    "#microsoft.graph.device", Fail: "#microsoft.graph.servicePrincipal",
	},
}
