namespace LatentDb.Silo.OpenAi.Models;

/// <summary>A model as OpenAI's API shows it.</summary>
/// <param name="Id">Its name in requests.</param>
/// <param name="Object">model.</param>
/// <param name="Created">Unix seconds since when this process serves it.</param>
/// <param name="OwnedBy">latentdb.</param>
/// <param name="Fingerprint">Short fingerprint, as versions of memories carry it.</param>
internal sealed record ModelBody(string Id, string Object, long Created, string OwnedBy, string Fingerprint);

/// <summary>All models.</summary>
/// <param name="Data">The models.</param>
/// <param name="Object">list.</param>
internal sealed record ModelListBody(ModelBody[] Data, string Object = "list");
