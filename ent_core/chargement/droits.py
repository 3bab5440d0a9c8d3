"""Les droits des personnes, briques comprises : leurs pièces dans la copie, leur part de l'effacement."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.chargement.absentes import registre_complet
from ent_core.chargement.coffre import balayer_le_coffre, coffre_de
from ent_core.chargement.decouverte import Chargement
from ent_core.chargement.relais import Relais
from ent_core.contrat.resultats import Anomalie, Bilan, PieceExport
from ent_core.donnees.connexion import cle_secrete
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.modeles import Etablissement
from ent_core.identite.mouvements import Annoncer
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Configuration
from ent_core.socle.erreurs import ErreurEnt
from ent_core.vie_privee.archive.transport import solder
from ent_core.vie_privee.droits import copies, demandes, livre, propositions
from ent_core.vie_privee.droits.effacement import Briques, Efface, effacer
from ent_core.vie_privee.droits.export import Composition, Entete, Pieces, composer
from ent_core.vie_privee.droits.livre import LigneDuLivre, Livre, Manquants
from ent_core.vie_privee.droits.modeles import CopieRemise, Demande
from ent_core.vie_privee.droits.verdict import Fondement
from ent_core.vie_privee.empreinte import canonique
from ent_core.vie_privee.registre import Registre

__all__ = ["Guichet", "livre_de"]

_journal = logging.getLogger("ent.coffre")


def livre_de(configuration: Configuration) -> Livre:
    """Livre des effacements, dans le dossier des données, hors de la base.

    :param configuration: configuration de l'instance.
    """
    cle = hmac.new(cle_secrete(configuration).encode(), b"effacements", hashlib.sha256).digest()
    return Livre(Path(configuration.donnees) / "effacements" / "livre.jsonl", cle)


class Guichet:
    """Ce qu'il faut pour répondre à une personne.

    :param configuration: produit, académie, clé secrète, dossier des données.
    :param chargement: briques chargées, ouvertes ou non.
    """

    def __init__(self, configuration: Configuration, chargement: Chargement, horloge: Horloge) -> None:
        self._configuration = configuration
        self._horloge = horloge
        self._relais = Relais(chargement)
        self._declarations = [brique.declaration() for brique in chargement.briques]
        self.registre = Registre.reunir(self._declarations)
        self.livre = livre_de(configuration)
        self._chargement = chargement
        self._coffre = coffre_de(configuration)

    def registre_complet(self, session: Session) -> Registre:
        """Registre, avec les briques qui ne sont plus chargées et dont la base garde des lignes.

        :param session: session de l'académie.
        """
        return registre_complet(session, self._chargement)

    @property
    def pieces(self) -> Pieces:
        """Ce que les briques donnent d'elles-mêmes."""

        def rendre(session: Session, personne: UUID) -> Iterator[tuple[str, PieceExport]]:
            rendues = self._relais.appeler("ent_exporter_personne", session=session, personne_id=personne)
            for brique, donnees in rendues:
                for piece in donnees:
                    yield brique.id, piece

        return rendre

    @property
    def briques(self) -> Briques:
        """Celles qui ont leur propre effacement."""
        qui = {
            d.brique for d in self._declarations if self._relais.implante("ent_effacer_personne", d.brique)
        }

        def appeler(session: Session, brique: str, personne: UUID, motif: str, uai: str | None) -> Bilan:
            rendus = self._relais.appeler(
                "ent_effacer_personne",
                frozenset({brique}),
                session=session,
                personne_id=personne,
                motif=motif,
                uai=uai,
            )
            return next((bilan for celle, bilan in rendus if celle.id == brique), Bilan())

        bornees = {b for b in qui if self._relais.lit("ent_effacer_personne", b, "uai")}
        return Briques(frozenset(qui), frozenset(bornees), appeler)

    def entete(self, session: Session, uai: str | None, numero: str = "") -> Entete:
        """En-tête d'une copie.

        :param session: session de l'académie.
        :param uai: établissement ; ``None``, l'académie.
        :param numero: numéro de la demande.
        """
        nom = session.scalar(select(Etablissement.nom).where(Etablissement.uai == uai)) if uai else None
        formes = json.dumps([canonique(d) for d in self._declarations], sort_keys=True, default=str)
        return Entete(
            produit=self._configuration.produit, responsable=nom or self._configuration.academie,
            faite_le=self._horloge.maintenant(), uai=uai, demande=numero,
            registre=hashlib.sha256(formes.encode()).hexdigest(),
        )  # fmt: skip

    def exporter(
        self, session: Session, personne: UUID, sortie: IO[bytes], *, uai: str | None = None,
        demande: Demande | None = None,
    ) -> Composition:  # fmt: skip
        """Écrit la copie d'une personne hors du guichet web.

        :param session: session de l'académie.
        :param demande: demande dont la relecture décide des textes libres ; sans elle, aucun n'est remis.
        """
        numero = demandes.numero(demande) if demande else ""
        return composer(
            session, self.registre_complet(session), personne, sortie, self.entete(session, uai, numero),
            pieces=self.pieces, relus=copies.relus(session, demande) if demande else {},
        )  # fmt: skip

    def fabriquer(
        self, session: Session, demande: Demande, par: UUID | None
    ) -> tuple[CopieRemise, Composition]:
        """Fabrique la copie d'une demande et la tient prête.

        :param session: session de l'académie.
        :param par: personne qui instruit.
        :raises OperationRefusee: des textes attendent une relecture.
        """
        entete = self.entete(session, demande.uai, demandes.numero(demande))
        return copies.fabriquer(
            session, self._horloge, self.registre_complet(session), demande, entete, self.pieces, par
        )

    def effacer(
        self, base: BaseDeDonnees, personne: UUID, fondement: Fondement, *,
        traitements: tuple[str, ...] = (), uai: str | None = None, acteur: UUID | None = None,
    ) -> Efface:  # fmt: skip
        """Efface, valide, puis confirme au livre ; un échec l'y dit aussi.

        :param base: base de l'application.
        :param traitements: ceux que la demande vise ; vide, tous.
        """
        with base.academie("effacer les données d'une personne") as session, self._annonce(personne):
            efface = effacer(
                session, self._horloge, self.registre_complet(session), self.livre, personne, fondement,
                briques=self.briques, traitements=traitements, uai=uai, acteur=acteur,
            )  # fmt: skip
        return self._confirmer(base, efface)

    def confirmer_effacement(
        self, base: BaseDeDonnees, uai: str, proposition_id: UUID, *, relue: str, par: UUID
    ) -> Efface:
        """Fait un effacement qu'une autre personne a proposé, valide, puis confirme au livre.

        :param base: base de l'application.
        :param uai: établissement de la demande.
        :param relue: empreinte du verdict que la seconde personne a lu.
        :param par: seconde personne.
        :raises OperationRefusee: même personne, verdict changé, ou effacement impossible ; rien n'est fait.
        """
        with base.academie("effacer les données d'une personne, à deux") as session:
            registre = self.registre_complet(session)
            proposition, personne = propositions.a_confirmer(
                session, registre, uai, proposition_id, relue=relue, par=par
            )
            with self._annonce(personne):
                efface = effacer(
                    session, self._horloge, registre, self.livre, personne,
                    Fondement(proposition.fondement), briques=self.briques,
                    traitements=proposition.traitements, uai=None if proposition.partout else uai, acteur=par,
                )  # fmt: skip
                propositions.clore(
                    session, self._horloge, uai, proposition_id, par=par, effacement_id=efface.id
                )
        return self._confirmer(base, efface)

    def _confirmer(self, base: BaseDeDonnees, efface: Efface) -> Efface:
        """La base l'a validé : les clés partent, puis le livre le dit."""
        efface.cles = self._detruire_les_cles(base)
        self.livre.confirmer(efface.id, cles=efface.cles)
        return efface

    @contextmanager
    def _annonce(self, personne: UUID) -> Iterator[None]:
        """Un effacement qui échoue après son annonce au livre y est dit abandonné."""
        avant, jeton = {i.id for i in self.livre.lire()}, self.livre.jeton(personne)
        try:
            yield
        except Exception:
            # Un autre effacement peut s'être annoncé pendant ce temps : le sien n'est pas abandonné.
            for annoncee in self.livre.lire():
                if annoncee.jeton == jeton and annoncee.id not in avant:
                    self.livre.confirmer(annoncee.id, "abandon")
            raise

    @property
    def annoncer(self) -> Annoncer | None:
        """Prévient les briques d'un fait ; ``None`` si aucune n'écoute."""
        return self._relais.annonceur

    def _detruire_les_cles(self, base: BaseDeDonnees) -> int | None:
        """Clés détruites ; ``None`` si le coffre s'y refuse : le balayage de la nuit s'en chargera."""
        try:
            solder(base, self._horloge)
            fait = balayer_le_coffre(base, self._chargement, self._coffre)
        except ErreurEnt as erreur:
            # L'effacement est validé : le dire manqué ferait croire que les lignes sont encore là.
            _journal.error("cles_a_detruire", extra={"code": erreur.code})
            return None
        return None if fait.remises else fait.detruites

    def manquants(self, session: Session) -> Manquants:
        """Effacements que la base, restaurée, ne connaît plus.

        :param session: session de l'académie.
        """
        return livre.manquants(session, self.livre)

    def anomalies(self, base: BaseDeDonnees) -> list[Anomalie]:
        """Ce qui interdit d'ouvrir après une restauration.

        :param base: base de l'application, migrée.
        """
        if not self.livre.chemin.exists():
            return []
        with base.academie("démarrage : effacements") as session:
            return livre.anomalies(session, self.livre)

    def rejouer(
        self, base: BaseDeDonnees, inscriptions: tuple[LigneDuLivre, ...]
    ) -> dict[UUID, Efface | None]:
        """Refait des effacements ; ``None`` pour une personne qui n'est pas revenue.

        :param base: base restaurée, fermée aux personnes.
        :param inscriptions: inscriptions du livre que la base ne connaît pas.
        """
        with base.academie("restauration : retrouver les personnes effacées") as session:
            trouvees = self.livre.retrouver(session, [i.jeton for i in inscriptions])
        refaits: dict[UUID, Efface | None] = {}
        for inscription in inscriptions:
            personne = trouvees.get(inscription.jeton)
            with base.academie("restauration : refaire un effacement") as session:
                refaits[inscription.id] = None
                if personne is None:
                    livre.inscrire_absente(session, self._horloge, inscription)
                else:
                    refaits[inscription.id] = effacer(
                        session, self._horloge, self.registre_complet(session), self.livre, personne,
                        Fondement(inscription.fondement), briques=self.briques, uai=inscription.uai,
                        rejoue=inscription,
                    )  # fmt: skip
            if not inscription.fait:
                self.livre.confirmer(inscription.id)
        solder(base, self._horloge)
        # Le coffre vient peut-être aussi d'une sauvegarde : ses clés de trop repartent dans tous les cas.
        balayer_le_coffre(base, self._chargement, self._coffre)
        return refaits
