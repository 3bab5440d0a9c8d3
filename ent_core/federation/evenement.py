"""Ce que toute voie d'entrée produit : une authentification prouvée, et une liste fermée d'attributs.

Le même vocabulaire sert à OpenID Connect, à CAS et à SAML : EduConnect donne les mêmes attributs par les
deux faces, sous leur nom ou sous leur OID. Tout attribut qui n'est pas de la liste est oublié ici.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.contrat.uai import UAI
from ent_core.identite.connexion import Authentification
from ent_core.socle.erreurs import OperationRefusee

__all__ = ["Attributs", "EntreeRefusee", "EvenementAuthentification", "lire_attributs"]

_EDUCONNECT = "urn:oid:1.3.6.1.4.1.20326.10.999.1."
_NOMS: Mapping[str, tuple[str, ...]] = {
    "references": ("FrEduCtRefId",),
    "vecteurs": ("FrEduVecteur",),
    "jointures": ("FrEduIdENT", "ENTPersonJointure"),
    "naissance": ("FrEduCtDateNaissance", f"{_EDUCONNECT}67", "birthdate"),
    "publics": ("FrEduCtPersonAffiliation", f"{_EDUCONNECT}7"),
    "uais": ("FrEduCtEleveUAI", f"{_EDUCONNECT}72", "FrEduRneResp", "FrEduRne", "uai"),
}
_NOM_DE_FAMILLE: Mapping[str, tuple[str, ...]] = {
    "educonnect": ("FrEduCtNom", "sn", "urn:oid:2.5.4.4"),
    "proconnect": ("usual_name",),
    "generique": ("family_name", "sn"),
}
_PRENOM: Mapping[str, tuple[str, ...]] = {
    "educonnect": ("FrEduCtPrenom", "givenName", "urn:oid:2.5.4.42"),
    "proconnect": ("given_name",),
    "generique": ("given_name", "givenName"),
}
_VALEURS, _LONGUEUR = 50, 500


class EntreeRefusee(OperationRefusee):
    """Une entrée par un fournisseur d'identité n'aboutit pas ; le motif est un code, pour le journal.

    :param motif: code court, sans donnée personnelle.
    """

    code = "ENT-ENTREE"
    statut_http = 403

    def __init__(self, motif: str, message: str, *, remede: str, lieu: str = "") -> None:
        super().__init__(message, remede=remede, lieu=lieu)
        self.motif = motif


@dataclass(frozen=True, slots=True)
class Attributs:
    """Ce que l'on retient d'une personne le temps de la reconnaître ; rien n'en est gardé ensuite.

    :param references: ``FrEduCtRefId``, clés dans les annuaires d'origine.
    :param vecteurs: ``FrEduVecteur``, cinq champs séparés par une barre.
    :param jointures: clés de jointure, nues ou précédées de leur académie.
    :param publics: qualités dites par le fournisseur (``eleve2d``, ``resp2d``…).
    :param uais: établissements qu'il nomme.
    """

    references: tuple[str, ...] = ()
    vecteurs: tuple[str, ...] = ()
    jointures: tuple[str, ...] = ()
    nom: str = ""
    prenom: str = ""
    naissance: date | None = None
    publics: tuple[str, ...] = ()
    uais: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EvenementAuthentification:
    """Ce qu'un fournisseur affirme, preuve faite : qui, comment, quand, et dans quelle session chez lui.

    :param fournisseur: sa clé dans la configuration.
    :param emetteur: son identifiant exact.
    :param sujet: nom opaque et durable qu'il donne à la personne.
    :param methode: ``oidc``, ``cas`` ou ``saml``.
    :param amr: moyens employés chez lui (RFC 8176).
    :param acr: niveau d'assurance dit.
    :param instant: heure de l'authentification chez lui.
    :param sid: sa session, pour la déconnexion.
    :param preuve: jeton à lui rendre pour se déconnecter chez lui.
    :param jeton: identifiant de ce qu'il affirme, si c'est à usage unique, jusqu'à ``expire_le``.
    """

    fournisseur: str
    emetteur: str
    sujet: str
    methode: str
    attributs: Attributs = field(default_factory=Attributs)
    amr: tuple[str, ...] = ()
    acr: str = ""
    instant: datetime | None = None
    sid: str = ""
    preuve: str = ""
    jeton: str = ""
    expire_le: datetime | None = None

    def authentification(self, fournisseur: Fournisseur) -> Authentification:
        """Ce que la porte unique attend, une fois le sujet relié à un compte.

        :param fournisseur: déclaration du fournisseur, qui dit ce qui vaut un second facteur.
        """
        fort = not {*self.amr, self.acr}.isdisjoint(fournisseur.seconds_facteurs)
        # « mfa » ouvre sans second facteur d'ici : seule la configuration en décide, jamais le fournisseur.
        moyens = (*(moyen for moyen in self.amr if moyen != "mfa"), *(("mfa",) if fort else ()))
        return Authentification(self.methode, self.sujet, self.emetteur, amr=moyens)


def lire_attributs(recus: Mapping[str, Any], correspondance: str) -> Attributs:
    """Tire la liste fermée de ce qu'un fournisseur a envoyé.

    :param recus: nom, ou OID, vers une valeur ou une liste de valeurs.
    :param correspondance: vocabulaire du fournisseur.
    """

    def valeurs(noms: Iterable[str]) -> tuple[str, ...]:
        trouvees = [texte for nom in noms for texte in _textes(recus.get(nom))]
        return tuple(dict.fromkeys(trouvees))[:_VALEURS]

    def seule(noms: Iterable[str]) -> str:
        trouvees = valeurs(noms)
        return trouvees[0] if len(trouvees) == 1 else ""

    return Attributs(
        references=valeurs(_NOMS["references"]),
        vecteurs=valeurs(_NOMS["vecteurs"]),
        jointures=valeurs(_NOMS["jointures"]),
        nom=seule(_NOM_DE_FAMILLE[correspondance]),
        prenom=seule(_PRENOM[correspondance]),
        naissance=_jour(seule(_NOMS["naissance"])),
        publics=valeurs(_NOMS["publics"]),
        uais=tuple(uai for valeur in valeurs(_NOMS["uais"]) if UAI.fullmatch(uai := valeur[:8])),
    )


def _textes(recu: object) -> list[str]:
    """Valeurs imprimables et bornées ; un nombre, un objet, une chaîne démesurée ne disent rien."""
    liste = recu if isinstance(recu, list | tuple) else [recu]
    return [
        texte.strip()
        for texte in liste[:_VALEURS]
        if isinstance(texte, str) and texte.strip() and len(texte) <= _LONGUEUR and texte.isprintable()
    ]


def _jour(texte: str) -> date | None:
    try:
        return date.fromisoformat(texte)
    except ValueError:
        return None
