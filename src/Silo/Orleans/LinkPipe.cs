using System.IO.Pipelines;

namespace LatentDb.Silo.Orleans;

/// <summary>
/// A stream as two pipes. Orleans calls off what is pending on them also when they are complete, which those of a stream answer with an exception that would
/// break off its closing of the connection, and with it the calls that were on their way.
/// </summary>
internal sealed class LinkPipe(Stream link) : IDuplexPipe
{
    public PipeReader Input { get; } = new Reader(PipeReader.Create(link, new StreamPipeReaderOptions(leaveOpen: true)));

    public PipeWriter Output { get; } = new Writer(PipeWriter.Create(link, new StreamPipeWriterOptions(leaveOpen: true)));

    private static void IfOpen(Action cancel)
    {
        try
        {
            cancel();
        }
        catch (ObjectDisposedException)
        {
            // It is complete: nothing is pending.
        }
    }

    private sealed class Reader(PipeReader inner) : PipeReader
    {
        public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => IfOpen(inner.CancelPendingRead);

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => inner.ReadAsync(cancellationToken);

        public override bool TryRead(out ReadResult result) => inner.TryRead(out result);
    }

    private sealed class Writer(PipeWriter inner) : PipeWriter
    {
        public override void Advance(int bytes) => inner.Advance(bytes);

        public override void CancelPendingFlush() => IfOpen(inner.CancelPendingFlush);

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);
    }
}
