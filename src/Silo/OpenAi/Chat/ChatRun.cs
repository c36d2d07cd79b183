using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Http;
using LatentDb.Silo.Http.Streams;
using LatentDb.Silo.OpenAi.Models;

namespace LatentDb.Silo.OpenAi.Chat;

/// <summary>One completion: all that was decided before the model is asked, and the objects that tell of it.</summary>
/// <param name="Scope">Who asks.</param>
/// <param name="Memory">The memory that answers.</param>
/// <param name="Headers">What the request wants of it.</param>
/// <param name="Talk">The conversation.</param>
/// <param name="Completion">Name, time, version to read and seed.</param>
/// <param name="Model">The served model.</param>
/// <param name="Write">Who injects, if anything is.</param>
internal sealed record ChatRun(
    RequestScope Scope, IMemoryGrain Memory, ChatHeaders Headers, TextInput.Conversation Talk, ChatWriteBack.Origin Completion, ModelBody Model, WriteOrigin Write)
{
    private string Fingerprint => $"fp_{Model.Fingerprint}";

    /// <summary>Makes what was said durable, if that was asked for; returns its version.</summary>
    public async Task<VersionNumber?> RememberAsync(AnswerReader answer, CancellationToken cancellationToken)
    {
        if (Headers.Inject == ChatInject.None) return null;
        string? said = Headers.Inject == ChatInject.Exchange ? answer.Text : null;
        ChatWriteBack.Origin completion = Completion with { ReadVersion = answer.Version.Value };
        InjectResult? result = await ChatWriteBack.InjectAsync(Memory, Talk, said, completion, Write, cancellationToken).ConfigureAwait(false);
        if (result is { IsReplay: false }) Scope.ChargeInjects(1, result.Version.Tokens);
        return result?.Version.Number;
    }

    public ChatCompletion Whole(AnswerReader answer, VersionNumber? injected) => new(
        Completion.Id,
        "chat.completion",
        Completion.Created,
        Model.Id,
        Fingerprint,
        [new ChatChoice(0, new ChatAnswerMessage("assistant", answer.Text), answer.End.Reason)],
        ChatUsage.Of(answer.End.Usage),
        MemoryOf(answer, injected));

    public ChatChunk Opening() => Chunk([new ChatChunkChoice(0, new ChatDelta("assistant", string.Empty))]);

    public ChatChunk Piece(string text) => Chunk([new ChatChunkChoice(0, new ChatDelta(Content: text))]);

    public ChatChunk Ending(AnswerReader answer, VersionNumber? injected) =>
        Chunk([new ChatChunkChoice(0, new ChatDelta(), answer.End.Reason)]) with { Latentdb = MemoryOf(answer, injected) };

    public ChatChunk Usage(AnswerReader answer) => Chunk([]) with { Usage = ChatUsage.Of(answer.End.Usage) };

    private ChatMemory MemoryOf(AnswerReader answer, VersionNumber? injected) =>
        new(Headers.Memory, answer.Version.Value, injected?.Value, Completion.Seed, TimingsBody.Of(answer.End.Timings));

    private ChatChunk Chunk(ChatChunkChoice[] choices) => new(Completion.Id, "chat.completion.chunk", Completion.Created, Model.Id, Fingerprint, choices);
}
