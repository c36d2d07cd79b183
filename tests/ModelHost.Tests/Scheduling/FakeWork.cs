using LatentDb.ModelHost.Scheduling;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Scheduling;

/// <summary>A work of so many pieces that writes its name into a log each time that it computes.</summary>
internal sealed class FakeWork(string name, int pieces, List<string> log, long cost = 10, ManualTimeProvider? time = null, TimeSpan pieceTime = default) : ILayerWork
{
    public long NextCost => CostFault is null ? cost : throw CostFault;

    /// <summary>Pieces computed.</summary>
    public int Done { get; private set; }

    /// <summary>Thrown by the piece of this number.</summary>
    public (int Piece, Exception Error)? Fault { get; init; }

    public Exception? CostFault { get; init; }

    /// <summary>What the work waits for before the piece of this number.</summary>
    public (int Piece, Task Until)? Wait { get; set; }

    /// <summary>Called in each piece.</summary>
    public Action OnPiece { get; set; } = () => { };

    public LayerProgress Run()
    {
        if (Wait is { } wait && wait.Piece == Done)
        {
            Wait = null;
            return LayerProgress.Waits(wait.Until);
        }

        log.Add(name);
        time?.Advance(pieceTime);
        OnPiece();
        if (Fault is { } fault && fault.Piece == Done) throw fault.Error;
        return ++Done == pieces ? LayerProgress.Finished : LayerProgress.More;
    }
}
