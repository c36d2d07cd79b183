namespace LatentDb.Silo.Http;

/// <summary>One turn of a conversation in a request.</summary>
/// <param name="Role">system, user, assistant or tool.</param>
/// <param name="Content">Its text.</param>
internal sealed record MessageBody(string Role, string Content);
