using System.Text.Json;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.OpenAi.Chat;

/// <summary>
/// Injects what was said. The version keeps in its metadata which completion it belongs to and what that one was drawn from, so that a repeated request
/// under the same Idempotency-Key gives the same answer, although the memory has moved on.
/// </summary>
internal static class ChatWriteBack
{
    /// <param name="Id">The completion's name.</param>
    /// <param name="ReadVersion">The version that it read.</param>
    /// <param name="Seed">What its sampling drew from.</param>
    /// <param name="Created">Unix seconds.</param>
    internal sealed record Origin(string Id, long ReadVersion, long Seed, long Created);

    /// <param name="Completion">The completion that was injected.</param>
    private sealed record VersionMetadata(Origin? Completion);

    /// <summary>What the first request under this key was; null = this is the first.</summary>
    /// <exception cref="LatentDbException">idempotency_mismatch: another kind of write has the key.</exception>
    public static async Task<Origin?> FindFirstAsync(IMemoryGrain memory, string operation, CancellationToken cancellationToken)
    {
        if (await memory.FindWriteAsync(operation, cancellationToken).ConfigureAwait(false) is not { } version) return null;
        return OriginOf(version) ?? throw new LatentDbException(
            ErrorCode.IdempotencyMismatch, $"The idempotency key '{operation}' was used by another kind of write before; choose another.");
    }

    /// <summary>Injects what was said; null = the user said nothing new.</summary>
    public static async Task<InjectResult?> InjectAsync(
        IMemoryGrain memory, TextInput.Conversation talk, string? answer, Origin completion, WriteOrigin origin, CancellationToken cancellationToken)
    {
        List<ChatMessage> said = [.. ChatConversation.NewestTurn(talk)];
        if (!string.IsNullOrWhiteSpace(answer)) said.Add(new ChatMessage("assistant", answer));
        if (said.Count == 0) return null;
        var command = new InjectCommand(new TextInput.Conversation([.. said]), Seed: null, ExpectedHead: null, origin)
        {
            Metadata = JsonSerializer.Serialize(new VersionMetadata(completion), ApiJson.Options),
        };
        return await memory.InjectAsync(command, cancellationToken).ConfigureAwait(false);
    }

    private static Origin? OriginOf(MemoryVersion version)
    {
        try
        {
            return version.Metadata is { } text ? JsonSerializer.Deserialize<VersionMetadata>(text, ApiJson.Options)?.Completion : null;
        }
        catch (JsonException)
        {
            return null; // The metadata is a caller's own: another kind of write.
        }
    }
}
