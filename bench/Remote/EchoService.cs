using LatentDb.MemoryStore.Links;

namespace LatentDb.Remote;

/// <summary>Answers each message with as much: what a call costs that does nothing.</summary>
internal sealed class EchoService : FramedLinkService
{
    public const byte Kind = LinkFrameKind.FirstOfService;

    public override LinkChannel Channel => LinkChannel.Grains;

    protected override async Task AnswerAsync(LinkReader request, LinkWriter answer, CancellationToken cancellationToken)
    {
        while (await request.ReadAsync(cancellationToken) is { } frame) await answer.WriteAsync(frame.Kind, frame.Payload, cancellationToken);
    }

    protected override void OnDefect(Exception error) => Console.Error.WriteLine(error);
}
