namespace LatentDb.Client.Models;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">system, user, assistant or tool.</param>
/// <param name="Content">Its text.</param>
public sealed record Message(string Role, string Content);
