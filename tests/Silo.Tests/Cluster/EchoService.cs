using LatentDb.MemoryStore.Links;

namespace LatentDb.Silo.Tests.Cluster;

/// <summary>Sends back each message that it gets, until the caller has said everything.</summary>
internal sealed class EchoService : FramedLinkService
{
    public const byte Kind = LinkFrameKind.FirstOfService;

    /// <summary>Ends when a caller has gone in the middle of its stream.</summary>
    public TaskCompletionSource CallerGone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override LinkChannel Channel => LinkChannel.Grains;

    protected override async Task AnswerAsync(LinkReader request, LinkWriter answer, CancellationToken cancellationToken)
    {
        await using CancellationTokenRegistration gone = cancellationToken.Register(() => CallerGone.TrySetResult());
        while (await request.ReadAsync(cancellationToken) is { } frame) await answer.WriteAsync(frame.Kind, frame.Payload, cancellationToken);
    }

    protected override void OnDefect(Exception error) => CallerGone.TrySetException(error);
}
