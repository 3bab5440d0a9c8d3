"""Ce qu'il faut redire à un fournisseur SAML pour finir une session : le nom qu'il a donné, et sa session."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass

__all__ = ["SessionSaml"]


@dataclass(frozen=True, slots=True)
class SessionSaml:
    """Une session, telle que le fournisseur la nomme ; gardée avec celle de l'ENT, oubliée avec elle.

    :param nom: texte du ``NameID``.
    :param chez: ``NameQualifier``.
    :param pour: ``SPNameQualifier``.
    :param session: ``SessionIndex``.
    :param retour: adresse de sortie qu'il a donnée (``FrEduUrlRetour``), vide s'il n'en donne pas.
    :param annonce: il publie une adresse où lui annoncer la sortie.
    """

    nom: str
    format: str = ""
    chez: str = ""
    pour: str = ""
    session: str = ""
    retour: str = ""
    annonce: bool = False

    def en_texte(self) -> str:
        """Écriture sans point ni espace, à relire par ``relire``."""
        dits = {cle: valeur for cle, valeur in asdict(self).items() if valeur}
        return urlsafe_b64encode(json.dumps(dits).encode()).decode()

    @classmethod
    def relire(cls, texte: str) -> SessionSaml | None:
        """Ce qu'``en_texte`` a écrit ; ``None`` si ce n'en est pas.

        :param texte: texte gardé.
        """
        try:
            return cls(**json.loads(urlsafe_b64decode(texte)))
        except (ValueError, TypeError):
            return None
