"""Le journal des entrées par un fournisseur d'identité : le vrai motif, dans les mots d'un administrateur."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["LIENS", "MOTIFS_D_ENTREE"]

_FORME = "message mal formé, ou arrangé pour se lire de deux façons"
_DE_SAML: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "encodage",
            "jeu",
            "xml",
            "doctype",
            "instruction",
            "racine",
            "interdit",
            "espace",
            "assertion",
            "identifiant",
            "doublon",
            "transformation",
            "signature_placee",
            "signature_multiple",
            "reference",
            "cle_ailleurs",
            "confirmation",
            "conditions",
            "preuve",
            "attributs",
        ),
        _FORME,
    ),
    "taille": "message plus gros qu'il n'est permis",
    "algorithme": "algorithme trop faible : lui demander SHA-256, et AES-GCM s'il chiffre",
    "signature": "signature fausse, ou d'une clé absente de ses métadonnées : les redemander",
    "sans_signature": "réponse chiffrée que rien ne signe",
    "verification": "réponse refusée à la vérification : signature, dates ou destinataire",
    "desaccord": "les deux vérifications ne désignent pas la même personne",
    "dechiffrement": "il chiffre pour une autre clé : lui redonner les métadonnées de l'ENT",
    "metadonnees_perimees": "ses métadonnées sont périmées : les redemander",
    "refuse_par_le_fournisseur": "il n'a pas connecté la personne, ou elle a renoncé",
    "emetteur": "message d'un autre émetteur que celui déclaré",
    "destination": "message adressé ailleurs : lui redonner les métadonnées de l'ENT",
    "destinataire": "assertion adressée ailleurs : lui redonner les métadonnées de l'ENT",
    "audience": "assertion destinée à un autre service : vérifier « client »",
    "demande": "réponse à une autre demande, ou que rien n'a demandée",
    "heure": "message daté de l'avenir ou trop ancien : vérifier l'heure des deux serveurs",
    "expiree": "message expiré : vérifier l'heure des deux serveurs",
    "sujet": "il ne dit pas qui est la personne",
    "sujet_passager": "il ne donne pas de nom durable : lui demander un « NameID » persistant, ou régler"
    " « sujet_attribut »",
    "niveau": "il ne dit pas comment la personne s'est prouvée",
    "session": "annonce de sortie qui ne nomme pas la session à fermer",
}
"""Motifs d'un message SAML."""

MOTIFS_D_ENTREE: Mapping[str, str] = {
    "panne": "il ne répond pas, ou trop lentement",
    "renonce": "la personne a renoncé, ou il lui a refusé l'accès",
    "erreur": "il dit ne pas pouvoir répondre",
    "reponse": "sa réponse ne se lit pas",
    "decouverte": "son document de découverte ne correspond pas à ce qui est déclaré",
    "cle": "la clé de sa signature n'est pas de celles qu'il publie",
    "signature": "signature fausse",
    "algorithme": "signature d'une autre sorte que celle déclarée",
    "jeton_absent": "jeton d'identité absent",
    "jeton_chiffre": "jeton chiffré : demander au fournisseur de ne pas chiffrer",
    "emetteur": "jeton d'un autre émetteur",
    "audience": "jeton destiné à un autre service : vérifier « client »",
    "dates": "jeton expiré, trop ancien ou futur : vérifier l'heure des deux serveurs",
    "sujet": "il ne dit pas qui est la personne",
    "nonce": "réponse à une autre demande",
    "at_hash": "ses deux jetons ne vont pas ensemble",
    "infos": "ses renseignements ne sont pas ceux de cette personne",
    "melange": "réponse d'un autre fournisseur",
    "demande": "demande inconnue, d'un autre navigateur, ou trop ancienne",
    "rejeu": "réponse présentée une seconde fois",
    "autre_sujet": "la personne s'est prouvée sous un autre compte que celui de sa session",
    "preuve_ancienne": "il n'a pas redemandé à la personne de se prouver",
    "ticket": "ticket absent ou refusé",
    "sortie": "annonce de sortie irrecevable",
    "attente": "la preuve du compte a trop tardé",
    "vecteur": "vecteur d'identité mal formé",
    "plusieurs": "il désigne plusieurs personnes : voir s'il faut fusionner deux fiches",
    "deja_lie": "identité déjà reliée à une autre personne",
    "sans_compte": "personne connue de l'annuaire, sans compte : lui remettre une lettre",
    "sursis": "personne sortie de l'annuaire",
    "suspendu": "compte suspendu",
    "ferme": "compte fermé entre-temps",
    "profil": "la connexion de son profil est suspendue",
    **{f"saml.{motif}": phrase for motif, phrase in _DE_SAML.items()},
}
"""Motif d'un refus, et ce qu'un administrateur en lit."""

LIENS: Mapping[str, str] = {
    "lien": "par une nouvelle fiche de la même personne",
    "source": "par une clé de l'annuaire",
    "etat_civil": "par l'état civil",
    "preuve": "par l'identifiant de l'ENT",
}
"""Comment un lien a été prouvé."""
