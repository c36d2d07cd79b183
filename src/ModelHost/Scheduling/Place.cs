using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Scheduling;

/// <summary>A request's place at the model, until it is disposed. Belongs to one request; its work in the loop must have ended before.</summary>
internal sealed class Place(AdmissionLine line, FlowAccount account, Demand demand) : IDisposable
{
    private bool _isDisposed;

    public FlowAccount Account { get; } = account;

    public RequestPriority Priority => demand.Priority;

    /// <summary>Row-layers of the request that are still expected.</summary>
    public long Expected { get; private set; } = demand.Cost;

    /// <summary>Charges its flow.</summary>
    public void Charge(long cost) => Account.Charge(cost);

    /// <summary>Charges its flow for a part of what was expected.</summary>
    public void ChargeExpected(long cost)
    {
        Account.Charge(cost);
        line.Computed(this, cost);
    }

    /// <summary>Takes a part off what is expected, and says how much that was. Under the line's lock.</summary>
    public long Expect(long cost)
    {
        long part = Math.Min(cost, Expected);
        Expected -= part;
        return part;
    }

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        line.Release(this);
    }
}
