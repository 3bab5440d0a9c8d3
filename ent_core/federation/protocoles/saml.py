"""Les options d'un service SAML : des métadonnées entières, dont chaque adresse se lit d'une façon."""

from __future__ import annotations

from collections.abc import Iterator

from ent_core.contrat.services import OptionsSaml
from ent_core.federation.adresses import lire_adresse
from ent_core.federation.fournisseur_saml.partenaire import lire_partenaire
from ent_core.socle.erreurs import DonneeInvalide

__all__ = ["controler"]


def controler(options: OptionsSaml, permis: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Ce qui ne va pas dans ces options : champ, et phrase.

    :param options: options déclarées.
    :param permis: hôtes admis sans https.
    """
    try:
        partenaire = lire_partenaire(options.metadonnees)
    except DonneeInvalide as refus:
        yield "metadonnees", refus.message.rstrip(".")
        return
    adresses = {
        *(retour.adresse for retour in partenaire.retours),
        *partenaire.sorties.values(),
        *partenaire.reponses.values(),
    }
    for adresse in adresses:
        try:
            lire_adresse(adresse.partition("?")[0], permis)
        except DonneeInvalide:
            yield "metadonnees", "une de leurs adresses n'est pas en https, ou se lit de deux façons"
            break
    if (options.demande_signee or partenaire.signe) and not partenaire.certificats:
        yield "metadonnees", "ses demandes doivent être signées, et elles ne donnent pas de certificat"
    if options.chiffree and not partenaire.chiffrement:
        yield "chiffree", "ses métadonnées ne donnent pas de certificat RSA pour qui chiffrer"
