package i18n

// apiMessages are the errors of the HTTP API that are about the call itself.
var apiMessages = map[string]message{
	// About the caller.
	"unauthenticated": {
		"Sign in and send a valid token in the Authorization header, as \"Bearer …\".",
		"Meld u aan en stuur een geldig token mee in de Authorization-header, als \"Bearer …\".",
		"Connectez-vous et envoyez un jeton valide dans l'en-tête Authorization, sous la forme « Bearer … ».",
	},
	"permission_denied": {
		"Your role does not allow this. It needs one of these roles: {roles}. Ask a global admin for it.",
		"Uw rol staat dit niet toe. Hiervoor is een van deze rollen nodig: {roles}. Vraag die aan bij een global admin.",
		"Votre rôle ne le permet pas. Il faut l'un de ces rôles : {roles}. Demandez-le à un administrateur global.",
	},

	// About the route.
	"route_not_found": {
		"There is nothing at this address. See /openapi.json for every operation.",
		"Op dit adres is niets te vinden. Zie /openapi.json voor alle bewerkingen.",
		"Il n'y a rien à cette adresse. Consultez /openapi.json pour toutes les opérations.",
	},
	"method_not_allowed": {
		"This address does not answer that method. Use {methods}.",
		"Dit adres beantwoordt die methode niet. Gebruik {methods}.",
		"Cette adresse ne répond pas à cette méthode. Utilisez {methods}.",
	},

	// About the request as a whole.
	"invalid_input": {
		"The request is not valid. Correct what is listed under errors and send it again.",
		"Het verzoek is niet geldig. Corrigeer wat onder errors staat en stuur het opnieuw.",
		"La requête n'est pas valide. Corrigez ce qui figure sous errors et renvoyez-la.",
	},
	"body_required": {
		"The request needs a JSON body.",
		"Het verzoek moet een JSON-body hebben.",
		"La requête doit contenir un corps JSON.",
	},
	"body_too_large": {
		"The body is larger than {max} bytes. Send a smaller one.",
		"De body is groter dan {max} bytes. Stuur een kleinere.",
		"Le corps dépasse {max} octets. Envoyez-en un plus petit.",
	},
	"media_type_unsupported": {
		"Send the body as application/json.",
		"Stuur de body als application/json.",
		"Envoyez le corps au format application/json.",
	},
	"query_malformed": {
		"The query string cannot be read. Percent-encode its values.",
		"De querystring is niet te lezen. Codeer de waarden met procenttekens.",
		"La chaîne de requête est illisible. Encodez ses valeurs avec des pourcentages.",
	},
	"json_malformed": {
		"The body is not valid JSON, near byte {offset}.",
		"De body is geen geldige JSON, bij byte {offset}.",
		"Le corps n'est pas un JSON valide, près de l'octet {offset}.",
	},
	"json_trailing": {
		"Send one JSON value; there is more after it.",
		"Stuur één JSON-waarde; er volgt nog iets op.",
		"Envoyez une seule valeur JSON ; il y a quelque chose après.",
	},
	"json_values": {
		"The body has more than {max} values. Send less at once.",
		"De body heeft meer dan {max} waarden. Stuur minder tegelijk.",
		"Le corps contient plus de {max} valeurs. Envoyez-en moins à la fois.",
	},
	"json_duplicate": {
		"This field is there more than once. Keep one.",
		"Dit veld staat er meer dan één keer in. Houd er één over.",
		"Ce champ est présent plusieurs fois. N'en gardez qu'un.",
	},
	"json_depth": {
		"The body is nested more than {max} levels deep.",
		"De body is meer dan {max} niveaus diep genest.",
		"Le corps est imbriqué sur plus de {max} niveaux.",
	},
	"json_null": {
		"This field cannot be null. Leave it out, or give it a value.",
		"Dit veld kan niet null zijn. Laat het weg of geef het een waarde.",
		"Ce champ ne peut pas être null. Omettez-le ou donnez-lui une valeur.",
	},

	"number_range": {
		"This number is too large to be read.",
		"Dit getal is te groot om te lezen.",
		"Ce nombre est trop grand pour être lu.",
	},

	// About one field or parameter.
	"field_unknown": {
		"There is no such field. Remove it, or check its spelling.",
		"Dit veld bestaat niet. Verwijder het of controleer de spelling.",
		"Ce champ n'existe pas. Supprimez-le ou vérifiez son orthographe.",
	},
	"field_required": {
		"This field is required.",
		"Dit veld is verplicht.",
		"Ce champ est obligatoire.",
	},
	"parameter_unknown": {
		"There is no such parameter. Remove it, or check its spelling.",
		"Deze parameter bestaat niet. Verwijder hem of controleer de spelling.",
		"Ce paramètre n'existe pas. Supprimez-le ou vérifiez son orthographe.",
	},
	"parameter_repeated": {
		"This parameter is there more than once. Keep one.",
		"Deze parameter staat er meer dan één keer in. Houd er één over.",
		"Ce paramètre est présent plusieurs fois. N'en gardez qu'un.",
	},
	"parameter_required": {
		"This parameter is required.",
		"Deze parameter is verplicht.",
		"Ce paramètre est obligatoire.",
	},
	"value_invalid": {
		"This value is not valid here.",
		"Deze waarde is hier niet geldig.",
		"Cette valeur n'est pas valide ici.",
	},
	"type_boolean": {
		"This must be true or false.",
		"Dit moet true of false zijn.",
		"La valeur doit être true ou false.",
	},
	"type_integer": {
		"This must be a whole number.",
		"Dit moet een geheel getal zijn.",
		"La valeur doit être un nombre entier.",
	},
	"type_number": {
		"This must be a number.",
		"Dit moet een getal zijn.",
		"La valeur doit être un nombre.",
	},
	"type_string": {
		"This must be text.",
		"Dit moet tekst zijn.",
		"La valeur doit être un texte.",
	},
	"type_array": {
		"This must be a list.",
		"Dit moet een lijst zijn.",
		"La valeur doit être une liste.",
	},
	"type_object": {
		"This must be an object.",
		"Dit moet een object zijn.",
		"La valeur doit être un objet.",
	},
	"number_min": {
		"This must be {min} or more.",
		"Dit moet minstens {min} zijn.",
		"La valeur doit être d'au moins {min}.",
	},
	"number_max": {
		"This must be {max} or less.",
		"Dit mag hoogstens {max} zijn.",
		"La valeur doit être d'au plus {max}.",
	},
	"length_min": {
		"The shortest length allowed is {min}.",
		"De kortst toegestane lengte is {min}.",
		"La longueur minimale est de {min}.",
	},
	"length_max": {
		"The longest length allowed is {max}.",
		"De langst toegestane lengte is {max}.",
		"La longueur maximale est de {max}.",
	},
	"value_enum": {
		"This must be one of {values}.",
		"Dit moet een van deze waarden zijn: {values}.",
		"La valeur doit être l'une des suivantes : {values}.",
	},
	"value_pattern": {
		"This must match the pattern {pattern}.",
		"Dit moet voldoen aan het patroon {pattern}.",
		"La valeur doit correspondre au motif {pattern}.",
	},
	"cursor_invalid": {
		"This cursor is damaged or belongs to another query. Start again without a cursor.",
		"Deze cursor is beschadigd of hoort bij een andere zoekvraag. Begin opnieuw zonder cursor.",
		"Ce curseur est endommagé ou appartient à une autre requête. Recommencez sans curseur.",
	},
	"idempotency_key_reused": {
		"This Idempotency-Key was used for another request. Use a new key for a new request.",
		"Deze Idempotency-Key is al voor een ander verzoek gebruikt. Gebruik een nieuwe sleutel voor een nieuw verzoek.",
		"Cette clé Idempotency-Key a servi à une autre requête. Utilisez une nouvelle clé pour une nouvelle requête.",
	},
	"upload_key_long": {
		"The group and file name together take more than {max} bytes in the bucket. Shorten one of them.",
		"De groepsnaam en de bestandsnaam zijn samen langer dan {max} bytes in de bucket. Maak een van beide korter.",
		"Le nom du groupe et celui du fichier occupent ensemble plus de {max} octets dans le compartiment. Raccourcissez l'un des deux.",
	},
	"upload_group_dots": {
		"A group named only with dots cannot be uploaded to. Choose another group name.",
		"Naar een groep waarvan de naam alleen uit punten bestaat kan niets worden geüpload. Kies een andere groepsnaam.",
		"Impossible de déposer un fichier dans un groupe dont le nom n'est fait que de points. Choisissez un autre nom de groupe.",
	},

	// About what is stored.
	"agreement_not_found": {
		"There is no such agreement. It may have been deleted.",
		"Deze overeenkomst bestaat niet. Misschien is ze verwijderd.",
		"Cet accord n'existe pas. Il a peut-être été supprimé.",
	},
	"group_not_found": {
		"There is no such license group. It may have been deleted.",
		"Deze licentiegroep bestaat niet. Misschien is ze verwijderd.",
		"Ce groupe de licences n'existe pas. Il a peut-être été supprimé.",
	},
	"import_not_found": {
		"There is no such import.",
		"Deze import bestaat niet.",
		"Cette importation n'existe pas.",
	},
	"annotated_copy_unavailable": {
		"This import has no annotated copy. There is one once a file that could be read has been checked.",
		"Deze import heeft geen kopie met opmerkingen. Die is er zodra een leesbaar bestand is gecontroleerd.",
		"Cette importation n'a pas de copie annotée. Il y en a une dès qu'un fichier lisible a été vérifié.",
	},
	"report_expired": {
		"The findings of this import are no longer kept. Upload the file again, with dry-run if nothing should be stored.",
		"De bevindingen van deze import worden niet meer bewaard. Upload het bestand opnieuw, met dry-run als er niets opgeslagen mag worden.",
		"Les constats de cette importation ne sont plus conservés. Déposez de nouveau le fichier, avec dry-run si rien ne doit être enregistré.",
	},

	// About us.
	"try_again": {
		"This is not possible just now. Try again in a few seconds.",
		"Dit lukt op dit moment niet. Probeer het over enkele seconden opnieuw.",
		"Ce n'est pas possible pour l'instant. Réessayez dans quelques secondes.",
	},
	"internal_error": {
		"Something went wrong on our side. Try again; if it stays, report the request id.",
		"Er ging bij ons iets mis. Probeer het opnieuw; blijft het zo, meld dan het request-id.",
		"Une erreur s'est produite de notre côté. Réessayez ; si elle persiste, signalez l'identifiant de la requête.",
	},
}
