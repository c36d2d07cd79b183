using System.Collections;

namespace LatentDb.Testing.Histories;

/// <summary>
/// Is there an order of the operations of one memory, each at some moment between its request and its answer, in which the memory would have given
/// these answers? The search of Wing and Gong (1993) with the memory of Lowe (2017): what was linearised and the head after it are never tried twice.
/// </summary>
/// <remarks>Operations of unknown outcome may be put anywhere after their request, or nowhere. Memories are checked one by one: they share nothing.</remarks>
public static class HistoryChecker
{
    /// <summary>Null when there is such an order; else the longest beginning of one, and what could not follow it.</summary>
    public static string? Explain(IReadOnlyList<Operation> history)
    {
        ArgumentNullException.ThrowIfNull(history);
        Operation[] operations = [.. history.OrderBy(o => o.Invoked)];
        var search = new Search(operations);
        return search.Run() ? null : search.Failure();
    }

    private sealed class Search(Operation[] operations)
    {
        private readonly HashSet<(string Linearised, long Head)> _seen = [];
        private readonly BitArray _done = new(operations.Length);
        private readonly Stack<(int Index, long Before)> _path = new();
        private readonly int _known = operations.Count(o => o.Outcome != OperationOutcome.Unknown);
        private (int Index, long Before)[] _longest = [];
        private long _head = MemoryModel.Absent;
        private int _doneKnown;

        public bool Run()
        {
            int next = 0;
            while (_doneKnown < _known)
            {
                int candidate = FindCandidate(next);
                if (candidate >= 0)
                {
                    Take(candidate);
                    next = 0;
                    continue;
                }

                if (_path.Count == 0) return false;
                next = Undo() + 1;
            }

            return true;
        }

        public string Failure()
        {
            var done = _longest.Select(p => p.Index).ToHashSet();
            IEnumerable<string> order = _longest.Select(p => $"  {operations[p.Index]}");
            IEnumerable<string> rest = operations.Where((o, i) => !done.Contains(i) && o.Outcome != OperationOutcome.Unknown).Take(6).Select(o => $"  {o}");
            return $"No order of these {operations.Length} operations explains the answers. The longest beginning:\n{string.Join('\n', order)}\nand none of these can follow:\n{string.Join('\n', rest)}";
        }

        /// <summary>An operation that no unfinished one precedes, whose outcome fits the head, and that leads to something new; -1 = none.</summary>
        private int FindCandidate(int from)
        {
            long earliestReturn = EarliestReturn();
            for (int i = from; i < operations.Length; i++)
            {
                if (operations[i].Invoked > earliestReturn) return -1;
                if (_done[i] || MemoryModel.Apply(_head, operations[i]) is not long after) continue;
                _done[i] = true;
                bool isNew = _seen.Add((Key(), after));
                _done[i] = false;
                if (isNew) return i;
            }

            return -1;
        }

        private long EarliestReturn()
        {
            long earliest = long.MaxValue;
            for (int i = 0; i < operations.Length; i++)
            {
                if (operations[i].Invoked > earliest) break;
                if (!_done[i] && operations[i].Outcome != OperationOutcome.Unknown) earliest = Math.Min(earliest, operations[i].Returned);
            }

            return earliest;
        }

        private void Take(int index)
        {
            _path.Push((index, _head));
            _head = MemoryModel.Apply(_head, operations[index])!.Value;
            _done[index] = true;
            if (operations[index].Outcome != OperationOutcome.Unknown) _doneKnown++;
            if (_path.Count > _longest.Length) _longest = [.. _path.Reverse()];
        }

        private int Undo()
        {
            (int index, long before) = _path.Pop();
            _head = before;
            _done[index] = false;
            if (operations[index].Outcome != OperationOutcome.Unknown) _doneKnown--;
            return index;
        }

        private string Key()
        {
            byte[] bits = new byte[(operations.Length + 7) / 8];
            _done.CopyTo(bits, 0);
            return Convert.ToBase64String(bits);
        }
    }
}
