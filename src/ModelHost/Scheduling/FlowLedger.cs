namespace LatentDb.ModelHost.Scheduling;

/// <summary>
/// The accounts of all flows: virtual token counters (Sheng et al. 2024, "Fairness in Serving Large Language Models"). The flow that was served least
/// goes first; one that was idle is lifted to the least of the busy ones, so that idleness earns nothing. Used under the lock of its owner.
/// </summary>
internal sealed class FlowLedger
{
    /// <summary>Idle flows whose debts are remembered; beyond it all idle ones are forgiven. An account is about 100 bytes.</summary>
    private const int MaxIdle = 4096;

    private readonly Dictionary<string, FlowAccount> _accounts = new(StringComparer.Ordinal);
    private readonly List<FlowAccount> _busy = [];
    private long _floor;

    /// <summary>Flows with requests, in the order in which they came.</summary>
    public IReadOnlyList<FlowAccount> Busy => _busy;

    /// <summary>Accounts that are kept, idle ones included.</summary>
    public int Count => _accounts.Count;

    /// <summary>The account of a flow that has a request now; <see cref="Rest"/> when it has none left.</summary>
    public FlowAccount Rouse(string flow)
    {
        if (!_accounts.TryGetValue(flow, out FlowAccount? account)) _accounts.Add(flow, account = new FlowAccount(flow));
        if (account.IsBusy) return account;
        RaiseFloor();
        account.LiftTo(_floor);
        _busy.Add(account);
        return account;
    }

    /// <summary>A request of the flow has gone.</summary>
    public void Rest(FlowAccount account)
    {
        if (account.IsBusy) return;
        _busy.Remove(account);

        // The last to leave an idle machine marks where those who come later begin.
        if (_busy.Count == 0) _floor = Math.Max(_floor, account.Served);
        if (account.Served <= _floor) _accounts.Remove(account.Flow); // it would be lifted to the floor anyway
        if (_accounts.Count - _busy.Count > MaxIdle) Forgive();
    }

    private void RaiseFloor()
    {
        long least = long.MaxValue;
        foreach (FlowAccount account in _busy) least = Math.Min(least, account.Served);
        if (_busy.Count > 0) _floor = Math.Max(_floor, least);
    }

    private void Forgive()
    {
        _accounts.Clear();
        foreach (FlowAccount account in _busy) _accounts.Add(account.Flow, account);
    }
}
