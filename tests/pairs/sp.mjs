// Un service SAML écrit par d'autres (npm @node-saml/node-saml), qui ne connaît de l'ENT que son certificat.
// Réglages : un objet JSON en premier argument (port, entite, ent, certificat_ent, connexion, sortie, cle,
// certificat). « /metadonnees », « /entrer », « /acs », « /sortir » et « /sorti » répondent en XML ou en JSON.
import { createServer } from 'node:http';
import { SAML, ValidateInResponseTo, generateServiceProviderMetadata } from '@node-saml/node-saml';

const r = JSON.parse(process.argv[2]);
const ici = `http://127.0.0.1:${r.port}`;
const options = {
  issuer: r.entite, callbackUrl: `${ici}/acs`, entryPoint: r.connexion, idpIssuer: r.ent,
  idpCert: r.certificat_ent, logoutUrl: r.sortie, logoutCallbackUrl: `${ici}/sorti`,
  privateKey: r.cle, decryptionPvk: r.cle, signatureAlgorithm: 'sha256', digestAlgorithm: 'sha256',
  identifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
  wantAssertionsSigned: true, wantAuthnResponseSigned: true, acceptedClockSkewMs: 5000,
  validateInResponseTo: ValidateInResponseTo.always,
};
const saml = new SAML(options);
let entree = null;

const corps = async (req) => {
  let texte = '';
  for await (const morceau of req) texte += morceau;
  return Object.fromEntries(new URLSearchParams(texte));
};
const pages = {
  // Il reçoit la réponse à sa sortie par une redirection : postée, il ne sait pas dire à quelle demande elle répond.
  '/metadonnees': async () => generateServiceProviderMetadata(
    { ...options, publicCerts: r.certificat, decryptionCert: r.certificat })
    .replace(/(SingleLogoutService Binding="[^"]*)HTTP-POST/, '$1HTTP-Redirect'),
  '/entrer': async () => saml.getAuthorizeUrlAsync('relais', undefined, {}),
  '/acs': async (req) => {
    const { profile } = await saml.validatePostResponseAsync(await corps(req));
    entree = profile;
    return JSON.stringify({ nom: profile.nameID, session: profile.sessionIndex, attributs: profile.attributes });
  },
  '/sortir': async () => saml.getLogoutUrlAsync(entree, '', {}),
  '/sorti': async (req) => {
    const { search, searchParams } = new URL(req.url, ici);
    return JSON.stringify(await saml.validateRedirectAsync(Object.fromEntries(searchParams), search.slice(1)));
  },
};
createServer(async (req, res) => {
  try {
    res.end(await pages[new URL(req.url, ici).pathname](req));
  } catch (erreur) {
    res.statusCode = 403;
    res.end(String(erreur));
  }
}).listen(r.port, '127.0.0.1', () => console.log('prêt'));
